import { flowsOf, isExternal } from '../../analysis/flows';
import { clusterDns } from '../../analysis/flows/externals';
import { distinguishingLabels } from '../../analysis/network/distinguishing-labels';
import { type Pods, podsIn } from '../../analysis/pods';
import { anyNamespace, endpointOf } from '../../analysis/policies';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';
import { solverPolicyFor } from './acme-solver-policy';
import { neededRules } from './generated-policy';
import { policyText } from './policy-text';

/**
 * The fix that isolates a namespace which has no policy at all: a default deny, DNS for all, and for each workload what the
 * configurations say that it needs, in both directions. Nothing if the pods of a workload cannot be told from others by
 * labels, because it would be cut off then. `beside` is the directory for the file where none is meant for networking.
 */
export function wholeSet(workspace: Workspace, namespace: string, beside: string): readonly Fix[] {
  const home = workspace.files.find(({ path }) => /(?:^|\/)[^/]*network[^/]*\/[^/]*$/.test(path));
  const directory = home?.directory ?? beside;
  const path = `${directory === '' ? '' : `${directory}/`}networkpolicies.yaml`;
  if (workspace.files.some(file => file.path === path)) return [];
  const written = namespace === anyNamespace ? undefined : namespace;
  const everybody = { namespace: written, podSelector: new Map<string, string>() };
  const texts = [
    policyText({
      ...everybody,
      name: 'default-deny-all',
      rules: [
        { direction: 'Ingress', rules: [] },
        { direction: 'Egress', rules: [] },
      ],
    }),
    policyText({ ...everybody, name: 'allow-dns', rules: [{ direction: 'Egress', rules: [dns] }] }),
  ];
  const groups = groupsOf(workspace, namespace);
  // Where nothing is known of what is needed, a default deny would only cut it off.
  if (!groups || groups.length === 0) return [];
  for (const { name, pods, podSelector } of groups) {
    const rules = (['Ingress', 'Egress'] as const).map(direction => ({
      direction,
      rules: neededRules(workspace, namespace, pods, direction),
    }));
    texts.push(policyText({ name, namespace: written, podSelector, rules: rules.filter(one => one.rules.length > 0) }));
  }
  const solver = solverPolicyFor(workspace, namespace);
  if (solver !== undefined) texts.push(solver);
  const title = `Create ${path} with ${texts.length} NetworkPolicies`;
  return [{ title, safe: false, edits: [], creates: [{ path, text: `${texts.join('\n---\n')}\n` }] }];
}

const dns = {
  peers: [
    {
      kind: 'pods',
      podSelector: clusterDns.labels ?? new Map<string, string>(),
      namespace: clusterDns.namespace,
      alsoAdmits: [],
    },
  ],
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
} as const;

interface Group {
  readonly name: string;
  readonly pods: readonly Pods[];
  readonly podSelector: ReadonlyMap<string, string>;
}

/**
 * The workloads of a namespace that connect to anything, each with a selector of its own; those whose labels are alike have
 * one together. Undefined if some have none. Pods on the network of their node have no policy.
 */
function groupsOf(workspace: Workspace, namespace: string): readonly Group[] | undefined {
  const all = podsIn(workspace, namespace === anyNamespace ? undefined : namespace).filter(
    pods => (pods.namespace ?? anyNamespace) === namespace && !pods.hostNetwork,
  );
  const flows = flowsOf(workspace);
  const takesPart = (pods: Pods): boolean =>
    flows.some(({ from, to }) => (!isExternal(from) && from === pods) || (!isExternal(to) && to === pods));
  const groups: Group[] = [];
  const waiting = new Set(all.filter(takesPart));
  for (const pods of waiting) {
    let together: readonly Pods[] = all.filter(one => one.owner === pods.owner);
    for (;;) {
      const found = distinguishingLabels(together.map(endpointOf), all.map(endpointOf));
      if (!found) return undefined;
      const selected = all.filter(one => [...found.labels].every(([key, value]) => one.labels.get(key) === value));
      if (selected.length === together.length) {
        groups.push({ name: pods.owner.name, pods: together, podSelector: found.labels });
        break;
      }
      together = selected;
    }
    for (const one of together) waiting.delete(one);
  }
  // A group that has come together later may hold an earlier one.
  return groups.filter(
    one => !groups.some(other => other !== one && one.pods.every(pods => other.pods.includes(pods))),
  );
}
