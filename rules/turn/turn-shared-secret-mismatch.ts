import type { ResolvedVariable } from '../../analysis/effective';
import type { VariableSource } from '../../analysis/environment';
import { type HomeserverReader, homeserverOf } from '../../analysis/homeserver';
import { workloadKinds } from '../../analysis/pods';
import { isLi, synapseMains } from '../../analysis/roles';
import { type SecretEntry, secretEntry } from '../../analysis/secret-data';
import { classifyHost } from '../../analysis/text/hosts';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import {
  environmentVariable,
  expandsArguments,
  hasUserDatabase,
  mayBeOf,
  optionOf,
  secretVariable,
  type TurnOption,
  type Turnserver,
  turnserverOf,
  turnservers,
  variableOf,
} from './turnserver';
import { turnUri } from './uri';

export default {
  id: 'turn-shared-secret-mismatch',
  items: ['4.3.a.1'],
  severity: 'error',
  summary: 'Synapse and coturn use different shared secrets.',
  why: 'Synapse makes passwords from its secret and coturn checks them with its own. With two secrets every password is wrong, and calls that need a relay do not connect.',
  remedy: 'Let both take the secret from the same key of one Secret, or put the same value into both Secrets.',
  traps: [
    'The same key of the same Secret is always right. Of several secrets of a coturn one has to be Synapse’s.',
    'A coturn of another realm, beside one that has Synapse’s secret, is for another application.',
    'A Synapse that names TURN servers and has no secret at all is reported as well.',
    'Two placeholders are not compared, even if their texts differ; they are the business of the placeholder rules.',
    'Secrets whose values the tree does not show are not judged.',
    'A coturn with written users alone is right only for a Synapse with `turn_username`.',
  ],
  sources: ['Synapse documentation, TURN server: turn_shared_secret must be the same as static-auth-secret of coturn'],
  examples: {
    bad: `
      #- /secrets.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: coturn
        namespace: matrix
      stringData:
        secret: CHANGEME
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse
        namespace: matrix
      stringData:
        turn: q8Lr2VxKs7TnWm4Zc9Pf
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: example.org
          turn_shared_secret: TURN_SECRET_PLACEHOLDER
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        initContainers:
          - name: render
            image: busybox:1.36
            command:
              - sh
              - -c
              - sed "s/TURN_SECRET_PLACEHOLDER/\${TURN_SECRET}/" /template/homeserver.yaml > /data/homeserver.yaml
            env:
              - name: TURN_SECRET
                valueFrom:
                  secretKeyRef: {name: synapse, key: turn}
            volumeMounts:
              - {name: template, mountPath: /template}
              - {name: data, mountPath: /data}
        containers:
          - name: synapse
            image: ghcr.io/element-hq/synapse:v1.119.0
            volumeMounts:
              - {name: data, mountPath: /data}
        volumes:
          - name: template
            configMap: {name: synapse}
          - name: data
            emptyDir: {}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            args: ["--static-auth-secret=$(TURN_SECRET)"]
      #                                  ^^^^^^^^^^^^^^ 💡 error: coturn takes its secret from coturn/secret and Synapse from synapse/turn
            env:
              - name: TURN_SECRET
                valueFrom:
                  secretKeyRef: {name: coturn, key: secret}
    `,
    good: `
      #- /secrets.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: coturn
        namespace: matrix
      stringData:
        secret: q8Lr2VxKs7TnWm4Zc9Pf
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: synapse
        namespace: matrix
      stringData:
        turn: q8Lr2VxKs7TnWm4Zc9Pf
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: example.org
          turn_shared_secret: TURN_SECRET_PLACEHOLDER
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        initContainers:
          - name: render
            image: busybox:1.36
            command:
              - sh
              - -c
              - sed "s/TURN_SECRET_PLACEHOLDER/\${TURN_SECRET}/" /template/homeserver.yaml > /data/homeserver.yaml
            env:
              - name: TURN_SECRET
                valueFrom:
                  secretKeyRef: {name: synapse, key: turn}
            volumeMounts:
              - {name: template, mountPath: /template}
              - {name: data, mountPath: /data}
        containers:
          - name: synapse
            image: ghcr.io/element-hq/synapse:v1.119.0
            volumeMounts:
              - {name: data, mountPath: /data}
        volumes:
          - name: template
            configMap: {name: synapse}
          - name: data
            emptyDir: {}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            args: ["--static-auth-secret=$(TURN_SECRET)"]
            env:
              - name: TURN_SECRET
                valueFrom:
                  secretKeyRef: {name: coturn, key: secret}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (isLi(workspace, resource)) return;
    const server = turnserverOf(workspace, resource);
    if (server) yield* fixedUsers(workspace, server);
    const secrets = server ? coturnSecrets(workspace, server) : [];
    const coturn = secrets.at(-1);
    if (!server || !coturn) return;
    for (const main of synapseMains(workspace)) {
      const synapse = synapseSecret(workspace, main);
      const homeserver = homeserverOf(workspace, main);
      if (homeserver && namesOthers(homeserver, server)) continue;
      if (!synapse && homeserver && isWithoutCredentials(homeserver)) {
        yield {
          at: homeserver.at('turn_uris').key,
          message: `Synapse has no turn_shared_secret, so clients get no password for ${resource.title} — set it to the secret of coturn.`,
          related: [{ at: coturn.at, message: 'What coturn takes for it' }],
        };
        continue;
      }
      // Of several secrets each is taken, so that one can be exchanged (coturn, mainrelay.c: static_auth_secrets).
      if (!synapse || secrets.some(one => !differ(server, one, synapse))) continue;
      if (turnservers(workspace).some(one => isOfOtherRealm(one, server) && agrees(workspace, one, synapse))) continue;
      yield {
        at: coturn.at,
        message: `coturn takes its secret from ${coturn.from} and Synapse from ${synapse.from}, and the two differ — use one key for both, or the same value.`,
        related: [{ at: synapse.at, message: `The secret of ${main.title}` }],
        fixes: () => copy(coturn, synapse),
      };
    }
  },
} satisfies Rule;

/** A coturn that knows users only, beside a Synapse that makes credentials from a secret. */
function* fixedUsers(workspace: Workspace, server: Turnserver): Iterable<Problem> {
  const user = optionOf(server, 'user');
  if (!user || server.isPartial || hasUserDatabase(server)) return;
  if (['use-auth-secret', 'static-auth-secret'].some(name => optionOf(server, name))) return;
  const [main] = synapseMains(workspace);
  const homeserver = main && homeserverOf(workspace, main);
  const secret = homeserver?.at('turn_shared_secret');
  if (!main || !homeserver?.at('turn_uris').exists || !secret?.exists) return;
  yield {
    at: user.at,
    message: `coturn knows only the users that are written here, but ${main.title} makes credentials from turn_shared_secret, which coturn refuses — set use-auth-secret and static-auth-secret, or give Synapse turn_username and turn_password.`,
    related: [{ at: secret.key, message: `The secret of ${main.title}` }],
  };
}

/** Whether coturn gets the value of a variable as it is: among its arguments, without a shell. */
function keepsLineBreaks(server: Turnserver): boolean {
  const from = optionOf(server, 'static-auth-secret')?.from;
  return from === 'arguments' && !expandsArguments(server.container);
}

/** Whether Synapse names TURN servers, and neither a secret nor a user for them (synapse/rest/client/voip.py). */
function isWithoutCredentials(homeserver: HomeserverReader): boolean {
  if (homeserver.isPartial || !homeserver.at('turn_uris').exists || homeserver.layer('turn_uris').file.isOpaque)
    return false;
  return !['turn_shared_secret', 'turn_shared_secret_path', 'turn_username'].some(key => homeserver.at(key).exists);
}

interface SharedSecret {
  readonly at: Place;
  /** `Secret/key`, or what else holds it; never the value. */
  readonly from: string;
  readonly source: VariableSource | undefined;
  readonly namespace: string | undefined;
  /** Undefined where the tree does not show it. */
  readonly text: string | undefined;
  readonly entry: SecretEntry | undefined;
}

/** Whether Synapse sends clients to TURN servers, and surely not to this one. */
function namesOthers(homeserver: HomeserverReader, server: Turnserver): boolean {
  const uris = homeserver.at('turn_uris');
  const hosts = (uris.kind === 'scalar' ? [uris] : uris.items()).map(uri => turnUri(uri.text ?? '')?.host);
  return (
    hosts.length > 0 &&
    hosts.every(host => host !== undefined && classifyHost(host) === 'external' && !mayBeOf(server, homeserver, host))
  );
}

/** Whether the secrets of a coturn and of Synapse are known, and not the same. */
function differ(server: Turnserver, coturn: SharedSecret, synapse: SharedSecret): boolean {
  if (isSame(coturn, synapse)) return false;
  // A line break at the end is lost in a line of a file, and where a shell makes the arguments.
  const one = keepsLineBreaks(server) ? coturn.text : coturn.text?.replace(/[\r\n]+$/, '');
  const other = synapse.text?.replace(/[\r\n]+$/, '');
  return one !== undefined && other !== undefined && one !== other && !(isOpen(one) && isOpen(other));
}

/** Whether a coturn is for another realm, as that of another application is. */
function isOfOtherRealm(one: Turnserver, other: Turnserver): boolean {
  const [realm, own] = [one, other].map(server => optionOf(server, 'realm')?.value);
  return realm !== undefined && own !== undefined && realm !== own;
}

function agrees(workspace: Workspace, server: Turnserver, synapse: SharedSecret): boolean {
  const secrets = coturnSecrets(workspace, server);
  return secrets.some(one => one.text !== undefined && !differ(server, one, synapse));
}

/** The secrets that a coturn takes, or the one that it is meant to take; none where not all are known. */
function coturnSecrets(workspace: Workspace, server: Turnserver): readonly SharedSecret[] {
  const options = server.options.filter(({ name }) => name === 'static-auth-secret');
  const known = options.flatMap(option => secretIn(workspace, server, option) ?? []);
  // One that is not known may be the right one.
  if (options.length > 0) return known.length === options.length ? known : [];
  // The variable that coturn is meant to get the secret from; that it does not is a finding of its own.
  const variable = secretVariable(workspace, server);
  const secret = variable && fromSource(workspace, server.resource.namespace, variable.source, variable.at.at('name'));
  return secret ? [secret] : [];
}

function secretIn(workspace: Workspace, server: Turnserver, option: TurnOption): SharedSecret | undefined {
  const { namespace } = server.resource;
  if (option.resolution?.kind === 'replaced')
    return fromVariables(workspace, namespace, option.resolution.variables, option.at);
  const name = variableOf(server, option);
  // What is left of a variable, or what a shell has yet to work out, is no secret; the former is a finding of its own.
  if (name === undefined && /\$[({\w]|`/.test(option.value ?? '')) return undefined;
  if (name === undefined)
    return option.resolution?.kind === 'left' || option.from === 'arguments'
      ? literal(option.value, 'its configuration', namespace, option.at)
      : undefined;
  return fromSource(workspace, namespace, environmentVariable(workspace, server, name).definition?.source, option.at);
}

function synapseSecret(workspace: Workspace, synapse: Resource): SharedSecret | undefined {
  const homeserver = homeserverOf(workspace, synapse);
  const value = homeserver?.at('turn_shared_secret');
  if (!homeserver || !value?.exists || value.text === undefined) return undefined;
  const { file } = homeserver.layer('turn_shared_secret');
  const resolution = file.resolve(value);
  if (resolution.kind === 'replaced') return fromVariables(workspace, synapse.namespace, resolution.variables, value);
  return resolution.kind === 'left' ? literal(value.text, 'homeserver.yaml', synapse.namespace, value) : undefined;
}

function fromVariables(
  workspace: Workspace,
  namespace: string | undefined,
  variables: readonly ResolvedVariable[],
  at: Place,
): SharedSecret | undefined {
  const [variable, ...others] = variables;
  if (!variable || others.length > 0 || variable.transformed) return undefined;
  return fromSource(workspace, namespace, variable.definition?.source, at);
}

function fromSource(
  workspace: Workspace,
  namespace: string | undefined,
  source: VariableSource | undefined,
  at: Place,
): SharedSecret | undefined {
  if (source?.kind !== 'Secret') return undefined;
  const [secret, ...others] = workspace.findAll('Secret', namespace, source.name);
  const entry = secret && others.length === 0 ? secretEntry(secret, source.key) : undefined;
  return { at, from: `${source.name}/${source.key}`, source, namespace, text: entry?.text, entry };
}

function literal(
  text: string | undefined,
  from: string,
  namespace: string | undefined,
  at: Place,
): SharedSecret | undefined {
  return { at, from, source: undefined, namespace, text, entry: undefined };
}

function isSame(one: SharedSecret, other: SharedSecret): boolean {
  return (
    one.source !== undefined &&
    one.source.name === other.source?.name &&
    one.source.key === other.source.key &&
    one.namespace === other.namespace
  );
}

function isOpen(text: string): boolean {
  return text.trim() === '' || findPlaceholders(text, 'value').length > 0;
}

/** The value that is filled in goes where the other is not; between two real values a person has to choose. */
function copy(coturn: SharedSecret, synapse: SharedSecret): readonly Fix[] {
  const toCoturn = fill(coturn, synapse, 'Copy Synapse’s secret to coturn’s', isOpen(coturn.text ?? ''));
  const toSynapse = fill(synapse, coturn, 'Copy coturn’s secret to Synapse’s', isOpen(synapse.text ?? ''));
  return isOpen(synapse.text ?? '') ? toSynapse : isOpen(coturn.text ?? '') ? toCoturn : [...toCoturn, ...toSynapse];
}

function fill(target: SharedSecret, source: SharedSecret, title: string, safe: boolean): readonly Fix[] {
  const edit =
    target.entry && !target.entry.isEncoded && source.text !== undefined
      ? replaceScalar(target.entry.value, source.text)
      : undefined;
  return edit ? [{ title, safe, edits: [edit] }] : [];
}
