import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'certificate-refused',
  items: [],
  severity: 'error',
  summary: 'cert-manager refuses a Certificate, or its issuer cannot make it.',
  why: 'Its webhook refuses what has no name, impossible times or a key that there is not, and `kubectl apply` stops. What an issuer cannot do leaves the Certificate waiting for ever: the Secret is never made, and pods that mount it do not start.',
  remedy: 'Write the field as the message says; `kubectl describe certificate` tells what became of it.',
  traps: [
    'Times are Go’s: hours, minutes and seconds, no days.',
    'A group other than cert-manager.io is that of an external issuer, and right; only that of old versions is not.',
    'A wildcard is proved by DNS-01 alone. With a solver for it, or solvers that select by name, nothing is said.',
    'Whether a Secret that the tree does not make holds an authority is not known.',
  ],
  sources: [
    'cert-manager internal/apis/certmanager/validation/certificate.go; documentation, Certificate resource',
    'cert-manager pkg/issuer/ca/setup.go: the certificate of a CA issuer has to be a CA; Let’s Encrypt, Challenge Types: wildcards need DNS-01',
  ],
  examples: {
    bad: example(
      '90d\n      #           ^^^ 💡 error: 90d is no duration for cert-manager, which knows hours, minutes and seconds',
    ),
    good: example('2160h'),
  },
  kinds: ['Certificate.cert-manager.io', 'Ingress'],
  *check(certificate, workspace) {
    if (certificate.kind === 'Ingress') {
      yield* wildcardOfIngress(workspace, certificate);
      return;
    }
    const spec = certificate.root.at('spec');
    yield* times(spec);
    yield* names(certificate, spec);
    yield* key(spec.at('privateKey'));
    const group = spec.at('issuerRef', 'group');
    if (group.text === 'certmanager.k8s.io')
      yield {
        at: group,
        message: `Since version 0.11 the group of issuers is cert-manager.io, so nothing answers for ${group.text} — write that.`,
        fixes: () => {
          const edit = replaceScalar(group, 'cert-manager.io');
          return edit ? [{ title: 'Write cert-manager.io', safe: true, edits: [edit] }] : [];
        },
      };
    yield* authority(workspace, certificate, spec);
    yield* wildcard(workspace, certificate, spec);
  },
} satisfies Rule;

const hour = 3600;

function* times(spec: Value): Iterable<Problem> {
  const seconds = (value: Value): number | undefined => {
    const text = value.text ?? '';
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)];
    if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
    return parts.reduce(
      (sum, [, number, unit]) => sum + Number(number) * ({ h: hour, m: 60, s: 1 }[unit ?? ''] ?? 0),
      0,
    );
  };
  const duration = spec.at('duration');
  const renewBefore = spec.at('renewBefore');
  for (const value of [duration, renewBefore]) {
    const text = value.text;
    if (!value.exists || text === undefined || seconds(value) !== undefined || isOpen(text)) continue;
    const days = /^(\d+)\s*d(?:ays?)?$/i.exec(text)?.[1];
    const wanted = days === undefined ? undefined : `${Number(days) * 24}h`;
    yield {
      at: value,
      message: `${text} is no duration for cert-manager, which knows hours, minutes and seconds — write ${wanted ?? '2160h, for example'}.`,
      fixes: () => {
        const edit = wanted === undefined ? undefined : replaceScalar(value, wanted);
        return edit ? [{ title: `Write ${wanted}`, safe: true, edits: [edit] }] : [];
      },
    };
  }
  const [total, before] = [duration.exists ? seconds(duration) : 90 * 24 * hour, seconds(renewBefore)];
  if (duration.exists && total !== undefined && total < hour)
    yield { at: duration, message: `cert-manager refuses a duration below one hour — write 2160h, for example.` };
  if (total !== undefined && before !== undefined && before >= total)
    yield {
      at: renewBefore,
      message: `The certificate would be renewed ${renewBefore.text} before its end, but lives ${duration.text ?? '2160h'} only, so cert-manager refuses it — write less.`,
    };
  else if (before !== undefined && before < 300)
    yield {
      at: renewBefore,
      message: 'cert-manager refuses to renew less than five minutes before the end — write more.',
    };
}

const subjects = ['commonName', 'literalSubject', 'dnsNames', 'uris', 'emailAddresses', 'ipAddresses', 'otherNames'];

function* names(certificate: Resource, spec: Value): Iterable<Problem> {
  const isEmpty = (value: Value): boolean =>
    !value.exists || value.isNull || value.text === '' || (value.kind === 'sequence' && value.items().length === 0);
  if (subjects.every(name => isEmpty(spec.at(name))))
    yield {
      at: certificate.root.at('metadata', 'name'),
      message: `Certificate ${certificate.name} names nobody, so cert-manager refuses it — list its hosts in dnsNames.`,
    };
  const common = spec.at('commonName');
  if ((common.text ?? '').length > 64)
    yield {
      at: common,
      message: 'A commonName has 64 characters at most, so cert-manager refuses this one — use dnsNames.',
    };
  for (const name of spec.at('dnsNames').items()) {
    const text = name.text;
    if (text === undefined || isOpen(text) || /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?$/.test(text)) continue;
    yield {
      at: name,
      message: `${text} is no name of a host, so no certificate is made for it — write the name alone.`,
    };
  }
}

function* key(privateKey: Value): Iterable<Problem> {
  const size = privateKey.at('size');
  const algorithm = privateKey.at('algorithm').text ?? 'RSA';
  if (size.number === undefined) return;
  const allowed =
    algorithm === 'RSA'
      ? size.number >= 2048 && size.number <= 8192
      : algorithm === 'ECDSA'
        ? [256, 384, 521].includes(size.number)
        : true;
  if (!allowed)
    yield {
      at: size,
      message: `There is no ${algorithm} key of ${size.number} bits for cert-manager — write ${algorithm === 'RSA' ? '2048 to 8192' : '256, 384 or 521'}.`,
    };
}

/** A Certificate whose Secret an issuer signs with. */
function* authority(workspace: Workspace, certificate: Resource, spec: Value): Iterable<Problem> {
  const secret = spec.at('secretName').text;
  if (secret === undefined || spec.at('isCA').boolean === true || isOpen(spec.at('isCA').text ?? '')) return;
  const user = [
    ...workspace.resources('ClusterIssuer.cert-manager.io'),
    ...workspace.resources('Issuer.cert-manager.io'),
  ].find(
    issuer =>
      issuer.root.at('spec', 'ca', 'secretName').text === secret &&
      (issuer.kind === 'ClusterIssuer' || issuer.namespace === certificate.namespace),
  );
  if (!user) return;
  yield {
    at: spec.at('isCA').exists ? spec.at('isCA') : spec.at('secretName'),
    message: `${user.title} signs with this certificate, which is no authority, so it makes no certificates — set isCA: true.`,
    related: [{ at: user.root.at('spec', 'ca', 'secretName'), message: user.title }],
  };
}

function* wildcard(workspace: Workspace, certificate: Resource, spec: Value): Iterable<Problem> {
  const kind = spec.at('issuerRef', 'kind').text ?? 'Issuer';
  yield* unproved(workspace, certificate, kind, spec.at('issuerRef', 'name').text, spec.at('dnsNames').items());
}

/** The Certificates that cert-manager makes for an Ingress with its annotation. */
function* wildcardOfIngress(workspace: Workspace, ingress: Resource): Iterable<Problem> {
  const annotations = ingress.root.at('metadata', 'annotations');
  const cluster = annotations.at('cert-manager.io/cluster-issuer').text;
  const hosts = ingress.root
    .at('spec', 'tls')
    .items()
    .flatMap(tls => tls.at('hosts').items());
  const kind = cluster === undefined ? 'Issuer' : 'ClusterIssuer';
  yield* unproved(workspace, ingress, kind, cluster ?? annotations.at('cert-manager.io/issuer').text, hosts);
}

function* unproved(
  workspace: Workspace,
  resource: Resource,
  kind: string,
  issuerName: string | undefined,
  hosts: readonly Value[],
): Iterable<Problem> {
  const name = hosts.find(one => one.text?.startsWith('*.'));
  if (!name || issuerName === undefined) return;
  const isCluster = kind === 'ClusterIssuer';
  const issuer = workspace.find(
    `${isCluster ? 'ClusterIssuer' : 'Issuer'}.cert-manager.io`,
    isCluster ? undefined : resource.namespace,
    issuerName,
  );
  const solvers = issuer?.root.at('spec', 'acme', 'solvers').items() ?? [];
  if (!issuer || solvers.length === 0 || !solvers.every(solver => solver.at('http01').exists)) return;
  yield {
    at: name,
    message: `${issuer.title} proves hosts by HTTP-01 only, with which there are no wildcard certificates, so ${name.text} is never issued — add a dns01 solver, or name the hosts.`,
    related: [{ at: issuer.root.at('spec', 'acme', 'solvers'), message: issuer.title }],
  };
}

function isOpen(text: string): boolean {
  return findPlaceholders(text, 'value').length > 0 || /[$%{]/.test(text);
}

function example(duration: string): string {
  return `
      #- /certificate.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata:
        name: turn
        namespace: matrix
      spec:
        secretName: turn-tls
        duration: ${duration}
        dnsNames: [turn.tessera.test]
        issuerRef: {name: public, kind: ClusterIssuer}
    `;
}
