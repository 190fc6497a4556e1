import { clusterDns, ingressController, prometheus } from '../../analysis/flows/externals';
import { monitors } from '../../analysis/monitors';
import { admits } from '../../analysis/network/evaluate';
import { isEmptySelector, matchesSelector } from '../../analysis/network/labels';
import type { Direction, Endpoint, Policy } from '../../analysis/network/model';
import { affects, rulesOf } from '../../analysis/network/policy-index';
import { type Pods, podsIn } from '../../analysis/pods';
import { anyNamespace, policiesOf, policyResources } from '../../analysis/policies';
import { type Family, familiesOf } from '../../analysis/roles';
import { appendDocument } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';
import { addPolicyFor } from './generated-policy';
import { type Part, partOf } from './parts';
import { policyText } from './policy-text';

/** What one of the checklist's policies is for. */
export interface MissingPurpose {
  /** As in "none for …". */
  readonly name: string;
  /** The fixes that add a policy for it. */
  add(): readonly Fix[];
}

/** The purposes that a namespace has a component for and no policy. */
export function missingPurposes(workspace: Workspace, namespace: string): readonly MissingPurpose[] {
  const { policies } = policiesOf(workspace, namespace);
  const all = podsIn(workspace, namespace === anyNamespace ? undefined : namespace).filter(
    pods => (pods.namespace ?? anyNamespace) === namespace && !pods.hostNetwork,
  );
  return [
    ...ofNamespace(workspace, namespace, policies),
    ...componentPurposes.flatMap(({ name, direction, policyName, isMeant }): readonly MissingPurpose[] => {
      const pods = all.filter(one => isMeant(partOf(workspace, one), familiesOf(one.owner)));
      if (pods.length === 0 || pods.some(one => policies.some(policy => isAbout(policy, one, direction)))) return [];
      return [{ name, add: () => addPolicyFor(workspace, policyName, pods, direction) }];
    }),
    ...ofVisitors(workspace, namespace, policies),
  ];
}

interface ComponentPurpose {
  readonly name: string;
  readonly direction: Direction;
  readonly policyName: string;
  isMeant(part: Part, families: ReadonlySet<Family>): boolean;
}

const componentPurposes: readonly ComponentPurpose[] = [
  {
    name: 'the main database',
    direction: 'Ingress',
    policyName: 'postgresql-main',
    isMeant: part => part === 'postgresql-main',
  },
  {
    name: 'the LI database',
    direction: 'Ingress',
    policyName: 'postgresql-li',
    isMeant: part => part === 'postgresql-li',
  },
  {
    name: 'Redis',
    direction: 'Ingress',
    policyName: 'redis',
    isMeant: (part, families) => part === 'other' && families.has('redis'),
  },
  { name: 'the object storage', direction: 'Ingress', policyName: 'minio', isMeant: part => part === 'minio' },
  { name: 'key_vault', direction: 'Ingress', policyName: 'key-vault-isolation', isMeant: part => part === 'key-vault' },
  {
    name: 'the isolation of the LI instance',
    direction: 'Egress',
    policyName: 'li-instance-isolation',
    isMeant: (part, families) => part === 'li' && families.has('synapse'),
  },
  {
    name: 'the egress of Synapse',
    direction: 'Egress',
    policyName: 'synapse-egress',
    isMeant: part => part === 'synapse-main',
  },
  {
    name: 'the antivirus',
    direction: 'Ingress',
    policyName: 'antivirus',
    isMeant: (_, families) => families.has('clamav'),
  },
  { name: 'the replication jobs', direction: 'Egress', policyName: 'sync-system', isMeant: part => part === 'sync' },
];

/** Whether a policy is written for some pods, not for all of the namespace, and restricts a direction. */
function isAbout(policy: Policy<Value>, pods: Pods, direction: Direction): boolean {
  return (
    affects(policy, direction) &&
    !isEmptySelector(policy.podSelector) &&
    matchesSelector(policy.podSelector, pods.labels)
  );
}

/** The default deny and DNS, which are for all pods. */
function ofNamespace(
  workspace: Workspace,
  namespace: string,
  policies: readonly Policy<Value>[],
): readonly MissingPurpose[] {
  const [neighbour] = policyResources(workspace, namespace);
  const add = (name: string, text: string): readonly Fix[] =>
    neighbour
      ? [{ title: `Add NetworkPolicy ${name}`, safe: false, edits: [appendDocument(neighbour.document.file, text)] }]
      : [];
  const common = {
    namespace: namespace === anyNamespace ? undefined : namespace,
    podSelector: new Map<string, string>(),
  };
  const isDenied = (direction: Direction): boolean =>
    policies.some(policy => isEmptySelector(policy.podSelector) && affects(policy, direction));
  const hasDns = policies.some(policy =>
    rulesOf(policy, 'Egress').some(rule => rule.ports?.some(({ port }) => port === 53 || port === 'dns')),
  );
  return [
    ...(isDenied('Ingress') && isDenied('Egress')
      ? []
      : [
          {
            name: 'denying by default',
            add: () =>
              add(
                'default-deny-all',
                policyText({
                  ...common,
                  name: 'default-deny-all',
                  rules: [
                    { direction: 'Ingress', rules: [] },
                    { direction: 'Egress', rules: [] },
                  ],
                }),
              ),
          },
        ]),
    ...(hasDns
      ? []
      : [
          {
            name: 'DNS',
            add: () =>
              add(
                'allow-dns',
                policyText({
                  ...common,
                  name: 'allow-dns',
                  rules: [
                    {
                      direction: 'Egress',
                      rules: [
                        {
                          peers: [
                            {
                              kind: 'pods',
                              podSelector: clusterDns.labels ?? new Map(),
                              namespace: clusterDns.namespace,
                              alsoAdmits: [],
                            },
                          ],
                          ports: [
                            { port: 53, protocol: 'UDP' },
                            { port: 53, protocol: 'TCP' },
                          ],
                        },
                      ],
                    },
                  ],
                }),
              ),
          },
        ]),
  ];
}

/** The ingress controller and Prometheus, which come from other namespaces. */
function ofVisitors(
  workspace: Workspace,
  namespace: string,
  policies: readonly Policy<Value>[],
): readonly MissingPurpose[] {
  const index = policiesOf(workspace, namespace);
  const isAdmitted = (visitor: Endpoint): boolean =>
    policies.some(
      policy =>
        affects(policy, 'Ingress') &&
        rulesOf(policy, 'Ingress').some(rule => admits(rule, policy, visitor, index) !== 'no'),
    );
  const isHere = (resource: { readonly namespace: string | undefined }): boolean =>
    (resource.namespace ?? anyNamespace) === namespace;
  return [
    ...(workspace.resources('Ingress').some(isHere) && !isAdmitted(ingressController(workspace, undefined))
      ? [{ name: 'the ingress controller', add: () => [] }]
      : []),
    ...(monitors(workspace).length > 0 && !isAdmitted(prometheus(workspace))
      ? [{ name: 'Prometheus', add: () => [] }]
      : []),
  ];
}
