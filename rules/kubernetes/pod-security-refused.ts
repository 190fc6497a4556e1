import { isPatch } from '../../analysis/kustomization';
import { containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'pod-security-refused',
  items: [],
  severity: 'error',
  summary: 'A namespace enforces a Pod Security Standard that its pods do not meet.',
  why: 'The admission refuses the pods and not their Deployments: `kubectl apply` warns and succeeds, and no pod is ever made. The events of the ReplicaSet say "violates PodSecurity".',
  remedy:
    'Meet the standard in the pods, move those that cannot into a namespace of their own, or enforce a lower standard and warn of the higher one.',
  traps: [
    'Only `enforce` refuses; `warn` and `audit` speak.',
    'The pods of operators, such as those of PostgreSQL and MinIO, are not judged.',
    'The restricted standard asks every container for `allowPrivilegeEscalation: false`, for `drop: [ALL]`, for `runAsNonRoot` and for a seccomp profile; the last two may stand at the pod.',
  ],
  sources: ['Kubernetes documentation, Pod Security Standards; Pod Security Admission'],
  examples: { bad: example('baseline', true), good: example('privileged', false) },
  kinds: ['Namespace'],
  *check(namespace, workspace) {
    const level = namespace.root.at('metadata', 'labels', 'pod-security.kubernetes.io/enforce');
    if (level.text !== 'baseline' && level.text !== 'restricted') return;
    const isRestricted = level.text === 'restricted';
    const refused = workloadKinds
      .flatMap(kind => workspace.resources(kind))
      .filter(one => one.namespace === namespace.name && !isPatch(workspace, one.document.file))
      .flatMap(workload => {
        const [violation] = violations(workload, isRestricted);
        return violation ? [{ workload, ...violation }] : [];
      });
    const [first] = refused;
    if (!first) return;
    yield {
      at: level,
      message: `Namespace ${namespace.name} enforces ${level.text}, and the pods of ${first.workload.title}${refused.length > 1 ? ` and ${refused.length - 1} more` : ''} are refused: ${first.what} — change the pods, or enforce less.`,
      related: refused.slice(0, 12).map(({ workload, what, at }) => ({ at, message: `${workload.title}: ${what}` })),
    };
  },
} satisfies Rule;

interface Violation {
  readonly what: string;
  readonly at: Value;
}

function* violations(workload: Resource, isRestricted: boolean): Iterable<Violation> & Iterator<Violation> {
  const template = podTemplate(workload);
  if (!template) return;
  const spec = template.at('spec');
  const name = workload.root.at('metadata', 'name');
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (spec.at(field).boolean === true) yield { what: `${field} is on`, at: spec.at(field) };
  for (const volume of spec.at('volumes').items())
    if (volume.at('hostPath').exists) yield { what: 'it has a hostPath volume', at: volume.at('hostPath') };
  const pod = spec.at('securityContext');
  for (const { value } of containersOf(workload)) {
    const own = value.at('securityContext');
    if (own.at('privileged').boolean === true) yield { what: 'a container is privileged', at: own.at('privileged') };
    for (const port of value.at('ports').items())
      if (port.at('hostPort').number)
        yield { what: `it takes the host port ${port.at('hostPort').text}`, at: port.at('hostPort') };
    for (const added of own.at('capabilities', 'add').items())
      if (!(isRestricted ? /^NET_BIND_SERVICE$/ : ofBaseline).test(added.text ?? ''))
        yield { what: `it adds the capability ${added.text}`, at: added };
  }
  for (const context of [pod, ...containersOf(workload).map(one => one.value.at('securityContext'))])
    if (context.at('seccompProfile', 'type').text === 'Unconfined')
      yield { what: 'its seccomp profile is Unconfined', at: context.at('seccompProfile', 'type') };
  if (!isRestricted) return;
  for (const { value } of containersOf(workload)) {
    const own = value.at('securityContext');
    const said = (field: string): Value => (own.at(field).exists ? own.at(field) : pod.at(field));
    const title = `container ${value.at('name').text}`;
    if (own.at('allowPrivilegeEscalation').boolean !== false)
      yield { what: `${title} does not say allowPrivilegeEscalation: false`, at: value.at('name') };
    if (
      !own
        .at('capabilities', 'drop')
        .items()
        .some(one => one.text === 'ALL')
    )
      yield { what: `${title} does not drop ALL capabilities`, at: value.at('name') };
    if (said('runAsNonRoot').boolean !== true)
      yield { what: `${title} does not say runAsNonRoot: true`, at: value.at('name') };
    if (said('runAsUser').number === 0) yield { what: `${title} runs as user 0`, at: said('runAsUser') };
    if (!said('seccompProfile').at('type').exists) yield { what: `${title} has no seccompProfile`, at: name };
  }
}

/** Capabilities that the baseline standard lets a container add. */
const ofBaseline =
  /^(?:AUDIT_WRITE|CHOWN|DAC_OVERRIDE|FOWNER|FSETID|KILL|MKNOD|NET_BIND_SERVICE|SETFCAP|SETGID|SETPCAP|SETUID|SYS_CHROOT)$/;

function example(level: string, isBad: boolean): string {
  return `
      #- /namespace.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
        labels:
          pod-security.kubernetes.io/enforce: ${level}${isBad ? '\n      #                                       ^^^^^^^^ error: Namespace matrix enforces baseline, and the pods of Deployment/coturn are refused: hostNetwork is on' : ''}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: coturn
        namespace: matrix
      spec:
        template:
          spec:
            hostNetwork: true
            containers:
              - name: coturn
                image: coturn/coturn:4.6.2
    `;
}
