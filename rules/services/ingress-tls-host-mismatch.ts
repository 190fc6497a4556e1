import { isPatch } from '../../analysis/kustomization';
import { classOf } from '../../analysis/routes/ingress';
import { mainProcesses } from '../../analysis/synapse';
import { insertItem, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { asksCertManager, covers } from './certificates';

export default {
  id: 'ingress-tls-host-mismatch',
  items: [],
  severity: 'warning',
  summary: 'The hosts under `tls` of an Ingress are not those of its rules.',
  why: 'A host without an entry under `tls` is served with the self-signed certificate of the controller: browsers and other homeservers refuse it. A host that only `tls` names has a certificate that nobody uses.',
  remedy: 'List every host of `rules` under `tls`, in one entry per Secret.',
  traps: [
    'A wildcard such as `*.matrix.test` covers one more label, not several, and not the bare domain.',
    'An entry without `hosts` stands for all hosts of the Ingress. An Ingress without `tls` is left alone, because something in front of it may end TLS, unless it asks cert-manager for a certificate, which takes the hosts and the Secret from `tls`, or serves the https:// URL of Synapse while other Ingresses of its class have `tls`.',
    'If a Certificate of the tree fills the Secret, the hosts have to be among its names. With the annotation of cert-manager that asks for a certificate, they are by themselves.',
    'A host under `tls` that no rule of this Ingress has is information only; another Ingress may serve it with the same Secret.',
  ],
  sources: [
    'Kubernetes documentation, Ingress, "TLS": hosts in the tls section need to match the host in the rules section explicitly.',
    'cert-manager, pkg/controller/certificate-shim/sync.go: validateIngressTLSBlock; documentation, "Annotated Ingress resource"',
  ],
  examples: {
    bad: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
      spec:
        tls:
          - hosts:
              - chat.matrix.test
            secretName: client-tls
        rules:
          - host: chat.matrix.test
          - host: matrix.test
      #           ^^^^^^^^^^^ 💡 warning: The host matrix.test is not listed under tls of Ingress client
    `,
    good: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
      spec:
        tls:
          - hosts:
              - chat.matrix.test
              - matrix.test
            secretName: client-tls
        rules:
          - host: chat.matrix.test
          - host: matrix.test
    `,
  },
  kinds: ['Ingress'],
  *check(ingress, workspace) {
    yield* notInCertificate(ingress, workspace);
    if (asksCertManager(ingress) && !isPatch(workspace, ingress.document.file)) yield* notAskedFor(ingress);
    yield* withoutTls(ingress, workspace);
    const entries = ingress.root.at('spec', 'tls').items();
    if (entries.length === 0 || entries.some(entry => entry.at('hosts').items().length === 0)) return;
    const secured = entries.flatMap(entry => entry.at('hosts').items());
    const hosts = ingress.root
      .at('spec', 'rules')
      .items()
      .map(rule => rule.at('host'))
      .filter(host => host.text !== undefined);
    const said = new Set<string>();
    for (const host of hosts) {
      const name = host.text ?? '';
      // What somebody fills in may be any of them.
      if (/[${]/.test(name) || secured.some(one => /[${]/.test(one.text ?? ''))) continue;
      if (said.has(name) || secured.some(one => covers(one.text ?? '', name))) continue;
      said.add(name);
      yield {
        at: host,
        message: `The host ${name} is not listed under tls of Ingress ${ingress.name}, so it is served with a self-signed certificate — add it there.`,
        related: [{ at: ingress.root.at('spec', 'tls').key, message: 'The hosts with a certificate' }],
        fixes: () => addHost(entries, name),
      };
    }
    if (hosts.length === 0) return;
    for (const host of secured) {
      const name = host.text ?? '';
      if (name === '' || [host, ...hosts].some(one => /[${]/.test(one.text ?? ''))) continue;
      if (hosts.some(one => covers(name, one.text ?? '') || covers(one.text ?? '', name))) continue;
      yield {
        at: host,
        severity: 'info',
        message: `The host ${name} under tls of Ingress ${ingress.name} has no rule here — correct it, or serve it.`,
      };
    }
  },
} satisfies Rule;

/** The host of Synapse's https:// URL, if nobody ends TLS for it although Ingresses of the same class do for others. */
function* withoutTls(ingress: Resource, workspace: Workspace): Iterable<Problem> {
  const hosts = ingress.root
    .at('spec', 'rules')
    .items()
    .map(rule => rule.at('host'));
  if (asksCertManager(ingress) || hosts.length === 0 || ingress.root.at('spec', 'tls').exists) return;
  if (isPatch(workspace, ingress.document.file)) return;
  for (const { homeserver } of mainProcesses(workspace)) {
    const name = /^https:\/\/([a-z0-9.-]+)\/?$/i.exec(homeserver?.at('public_baseurl').text ?? '')?.[1];
    const host = hosts.find(one => name !== undefined && one.text === name);
    if (name === undefined || !host) continue;
    const others = workspace.resources('Ingress').filter(one => classOf(one) === classOf(ingress));
    const entries = others.flatMap(one => one.root.at('spec', 'tls').items());
    const isCovered = entries.some(entry => {
      const secured = entry.at('hosts').items();
      return secured.length === 0 || secured.some(one => covers(one.text ?? '', name));
    });
    const other = others.find(one => one.root.at('spec', 'tls').items().length > 0);
    if (!other || isCovered) continue;
    yield {
      at: host,
      message: `Clients reach Synapse by https://${name}, but no Ingress lists ${name} under tls, as ${other.title} does for its host, so it is served with a self-signed certificate — add it.`,
      related: [{ at: other.root.at('spec', 'tls').key, message: other.title }],
    };
    return;
  }
}

/** An annotation that asks for a certificate, and nothing that says for which hosts or in which Secret. */
function* notAskedFor(ingress: Resource): Iterable<Problem> {
  const tls = ingress.root.at('spec', 'tls');
  const annotations = ingress.root.at('metadata', 'annotations');
  const annotation = ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer']
    .map(name => annotations.at(name))
    .find(one => one.exists);
  const hosts = ingress.root
    .at('spec', 'rules')
    .items()
    .flatMap(rule => rule.at('host').text ?? []);
  if (tls.items().length === 0 && annotation && hosts.length > 0)
    yield {
      at: annotation.key,
      severity: 'error',
      message: `Ingress ${ingress.name} asks cert-manager for a certificate, but has no tls, so none is made and ${hosts[0]} is served with a self-signed one — list the hosts and a secretName under tls.`,
    };
  for (const entry of tls.items()) {
    const lacking = entry.at('secretName').exists ? (entry.at('hosts').exists ? undefined : 'hosts') : 'secretName';
    if (lacking === undefined || entry.kind !== 'mapping') continue;
    yield {
      at: entry,
      severity: 'error',
      message: `cert-manager makes no certificate for an entry of tls without ${lacking} — add it.`,
    };
  }
}

/** The hosts of an Ingress that the Certificate behind its Secret is not for. */
function* notInCertificate(ingress: Resource, workspace: Workspace): Iterable<Problem> {
  if (asksCertManager(ingress)) return;
  for (const entry of ingress.root.at('spec', 'tls').items()) {
    const secret = entry.at('secretName').text;
    const [certificate, another] = workspace
      .resources('Certificate.cert-manager.io')
      .filter(one => one.namespace === ingress.namespace && one.root.at('spec', 'secretName').text === secret);
    if (!certificate || another || secret === undefined) continue;
    const spec = certificate.root.at('spec');
    if (spec.at('literalSubject').exists) continue;
    const names = [...spec.at('dnsNames').items(), spec.at('commonName')].flatMap(name => name.text ?? []);
    if (names.length === 0) continue;
    for (const host of entry.at('hosts').items()) {
      const name = host.text ?? '';
      if (!isHost.test(name) || names.some(one => !isHost.test(one) || covers(one, name))) continue;
      yield {
        at: host,
        message: `The host ${name} under tls of Ingress ${ingress.name} is not among the names of Certificate ${certificate.name}, so clients refuse it — add it to dnsNames.`,
        related: [
          {
            at: spec.at('dnsNames').exists ? spec.at('dnsNames').key : spec.at('commonName'),
            message: 'What the certificate is for',
          },
        ],
      };
    }
  }
}

/** No host is a placeholder or what is filled in later. */
const isHost = /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

function addHost(entries: readonly Value[], host: string) {
  const [only] = entries;
  const edit = only && insertItem(only.at('hosts'), quoted(host, 'plain'));
  return edit ? [{ title: `Add ${host} to the hosts of tls`, safe: entries.length === 1, edits: [edit] }] : [];
}
