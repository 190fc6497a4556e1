import type { Kubectl } from '../kubectl/kubectl';
import { at, type Json, number, text } from '../plan/source';
import { type Answer, readJson, readText } from './read';

/**
 * A Lease in the cluster keeps two people from deploying at once; the lock files keep two processes of one machine
 * apart. It stands in the namespace `default`, which every cluster has before the first step has made any.
 */
const leaseName = 'matrix-preflight';
const leaseNamespace = 'default';
const collection = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases`;

/** How long the Lease holds without being renewed, and how often it is renewed. */
const durationSeconds = 60;
export const renewMilliseconds = 20_000;

/** Who wants the Lease. */
export interface LeaseHolder {
  readonly user: string;
  readonly host: string;
  readonly run: string;
}

export interface Lease {
  /** Renews the Lease; false once somebody else holds it. A cluster that does not answer takes nothing away. */
  renew(): Promise<boolean>;
  /** Gives the Lease up, so that the next one need not wait until it has expired. */
  release(): Promise<void>;
}

export type LeaseOutcome =
  | { readonly type: 'held'; readonly lease: Lease }
  /** Somebody else deploys, or was deploying and was not taken over. */
  | { readonly type: 'taken'; readonly text: string }
  /** The cluster has no Leases for this user; the text says what is missing then. */
  | { readonly type: 'without'; readonly text: string }
  /** The cluster does not answer as it should. The text is not redacted. */
  | { readonly type: 'failed'; readonly text: string };

/**
 * Takes the Lease. That of another is taken over only when it has expired and `confirm` agrees; that of the same run,
 * and an expired one of the same person on the same machine, whose lock files are free, is simply gone on with.
 *
 * @param now milliseconds since the epoch
 * @param confirm asked with who was the last to hold it, and since when nothing was heard
 */
export async function takeLease(
  kubectl: Kubectl,
  me: LeaseHolder,
  now: () => number,
  confirm: (holder: string, since: string) => Promise<boolean>,
): Promise<LeaseOutcome> {
  const identity = `${me.user}@${me.host}/${me.run}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    const found = await read(kubectl);
    if (!found.ok) return refusal(found);
    const live = found.value;
    if (live !== undefined) {
      const holder = text(at(live, 'spec', 'holderIdentity')) ?? '';
      if (holder !== '' && holder !== identity) {
        const since = text(at(live, 'spec', 'renewTime')) ?? 'an unknown time';
        if (!hasExpired(live, now()))
          return {
            type: 'taken',
            text: `${holder} is deploying to this cluster and was last heard of at ${since} (Lease/${leaseName} in ${leaseNamespace}).`,
          };
        if (!holder.startsWith(`${me.user}@${me.host}/`) && !(await confirm(holder, since)))
          return {
            type: 'taken',
            text: `${holder} was deploying to this cluster and has not been heard of since ${since}; the Lease was not taken over.`,
          };
      }
    }
    const written = await write(kubectl, live, identity, now());
    if (written.ok) return { type: 'held', lease: leaseOf(kubectl, identity, now) };
    // Somebody was faster: what they wrote is looked at again.
    if (written.class !== 'conflict' && !/AlreadyExists/.test(written.message)) return refusal(written);
  }
  return { type: 'taken', text: 'Others take the Lease at the same time; try again.' };
}

function leaseOf(kubectl: Kubectl, identity: string, now: () => number): Lease {
  const isMine = (live: Json | undefined) => text(at(live, 'spec', 'holderIdentity')) === identity;
  return {
    async renew() {
      const found = await read(kubectl);
      if (!found.ok) return true;
      if (!isMine(found.value)) return false;
      const written = await write(kubectl, found.value, identity, now());
      if (written.ok || written.class !== 'conflict') return true;
      const other = await read(kubectl);
      return !other.ok || isMine(other.value);
    },
    async release() {
      const found = await read(kubectl);
      if (found.ok && isMine(found.value)) await write(kubectl, found.value, '', now());
    },
  };
}

function read(kubectl: Kubectl): Promise<Answer<Json | undefined>> {
  return readJson(kubectl, [
    'get',
    'Lease.v1.coordination.k8s.io',
    leaseName,
    `--namespace=${leaseNamespace}`,
    '--ignore-not-found',
    '--output=json',
  ]);
}

/** Creates the Lease, or replaces exactly the version that was read: the server refuses if it has changed since. */
function write(kubectl: Kubectl, live: Json | undefined, holder: string, now: number): Promise<Answer<string>> {
  const time = new Date(now).toISOString().replace('Z', '000Z');
  const isNew = text(at(live, 'spec', 'holderIdentity')) !== holder;
  const transitions = number(at(live, 'spec', 'leaseTransitions')) ?? 0;
  const version = text(at(live, 'metadata', 'resourceVersion'));
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: leaseName,
      namespace: leaseNamespace,
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: durationSeconds,
      acquireTime: isNew ? time : (text(at(live, 'spec', 'acquireTime')) ?? time),
      renewTime: time,
      leaseTransitions: transitions + (isNew && live !== undefined && holder !== '' ? 1 : 0),
    },
  };
  const args =
    live === undefined
      ? ['create', '--raw', collection, '--filename=-']
      : ['replace', '--raw', `${collection}/${leaseName}`, '--filename=-'];
  return readText(kubectl, args, { input: JSON.stringify(body) });
}

/** A Lease that cannot be read as one has not expired: better a person looks at it. */
function hasExpired(live: Json, now: number): boolean {
  const renewed = Date.parse(text(at(live, 'spec', 'renewTime')) ?? '');
  const seconds = number(at(live, 'spec', 'leaseDurationSeconds')) ?? durationSeconds;
  return now > renewed + seconds * 1000;
}

function refusal(answer: Extract<Answer<unknown>, { ok: false }>): LeaseOutcome {
  const isUnavailable = answer.class === 'forbidden' || answer.class === 'kind-missing' || answer.class === 'not-found';
  if (!isUnavailable) return { type: 'failed', text: answer.message };
  return {
    type: 'without',
    text: `The Lease that keeps two people from deploying at once cannot be used: you may not read, create and update Leases in the namespace ${leaseNamespace}. Only this machine is kept from deploying twice; make sure that nobody else deploys.`,
  };
}
