import { table } from '../../manifests/table';
import { count, listed } from '../wording';
import type { PeerVerdict, PolicyVerdict, PortVerdict, RuleVerdict, SideVerdict, Verdict } from './evaluate';
import type { UnmetRequirement } from './labels';
import { endpointName, type Policy } from './model';

/**
 * A verdict in plain English: the answer first, then both sides, then, for a side that does not allow the flow, every
 * policy that selects it and why none of its rules fits. Lines that belong to the line above are indented by two
 * spaces. No line ends with a newline.
 */
export function explain<T>(verdict: Verdict<T>): readonly string[] {
  const { flow, result, egress, ingress } = verdict;
  const answer = result === 'unknown' ? 'cannot be decided from the manifests' : `is ${result}`;
  return [
    `${endpointName(flow.from)} → ${endpointName(flow.to)} port ${flow.port}/${flow.protocol} ${answer}.`,
    ...explainSide(egress),
    ...explainSide(ingress),
  ];
}

/**
 * One sentence on each side that does not allow the flow: the policies that select it and, if some rule nearly fits,
 * what is wrong with that rule. Empty when the flow is allowed.
 */
export function summarize<T>(verdict: Verdict<T>): readonly string[] {
  return [verdict.egress, verdict.ingress].flatMap(side => {
    if (side.result === 'allowed') return [];
    if (side.otherPolicies.length > 0) return explainSide(side);
    const who = `${side.direction} of ${endpointName(side.endpoint)}`;
    const names = [...new Set(side.policies.map(({ policy }) => policy.name))];
    const by = names.length === 1 ? `only ${names[0]} selects it` : `only ${listed(names)} select it`;
    const near = nearMisses(side).map(
      ({ policy, rule }) =>
        `; ${policy.name}, ${side.direction.toLowerCase()} rule ${rule.position + 1}, ${rule.match === 'no' ? 'nearly fits' : 'may fit'}: ${explainRule(rule).join(' ').replace(/\.$/, '')}`,
    );
    return [`${who} ${side.result === 'denied' ? 'blocks it' : 'may block it'}: ${by}${near.join('')}.`];
  });
}

/**
 * The rules of which one half fits and was written for this flow: it lists the port and only the peer is wrong, or it
 * lists the peer and only the port is wrong. They are where a mistake is likely to be.
 */
export function nearMisses<T>(side: SideVerdict<T>): readonly NearMiss<T>[] {
  return side.policies.flatMap(({ policy, rules }) =>
    rules
      .filter(
        ({ match, peerMatch, peers, portMatch, ports }) =>
          match !== 'yes' && ((portMatch === 'yes' && ports.length > 0) || (peerMatch === 'yes' && peers.length > 0)),
      )
      .map(rule => ({ policy, rule })),
  );
}

export interface NearMiss<T> {
  readonly policy: Policy<T>;
  readonly rule: RuleVerdict<T>;
}

function explainSide<T>(side: SideVerdict<T>): readonly string[] {
  const name = endpointName(side.endpoint);
  const word = side.direction.toLowerCase();
  if (side.otherPolicies.length > 0) {
    const others = side.otherPolicies.map(other => `${other.kind} ${other.name}`).join(', ');
    return [`${side.direction} of ${name} also depends on policies that are not evaluated: ${others}.`];
  }
  switch (side.basis) {
    case 'not-a-pod':
      return [`${side.direction}: ${name} is not a pod, so no NetworkPolicy applies to it.`];
    case 'host-network':
      return [
        `${side.direction}: ${name} uses the host network, where most network plugins do not apply NetworkPolicies.`,
      ];
    case 'not-isolated':
      return [`${side.direction}: no NetworkPolicy selects ${name} for ${word}, so all ${word} is allowed.`];
    case 'policies':
      return explainPolicies(side, name, word);
  }
}

function explainPolicies<T>(side: SideVerdict<T>, name: string, word: string): readonly string[] {
  if (side.result === 'allowed') {
    const allowing = side.policies.flatMap(({ policy, rules }) =>
      rules.flatMap(({ match, position }) =>
        match === 'yes' ? [`NetworkPolicy ${policy.name} (${word} rule ${position + 1})`] : [],
      ),
    );
    return [`${side.direction} of ${name} is allowed by ${allowing.join(', ')}.`];
  }
  const certain = side.policies.every(({ selects }) => selects === 'yes');
  const selects = `${certain ? 'selected' : 'or may be selected'} for ${word} by`;
  const verdict = side.result === 'denied' ? 'none of these NetworkPolicies allows it' : 'it is uncertain';
  return [
    `${side.direction}: ${name} is ${certain ? '' : 'selected '}${selects} ${count(side.policies.length, 'NetworkPolicy', 'NetworkPolicies')}, and ${verdict}:`,
    ...side.policies.flatMap(policy => explainPolicy(policy, word).map(line => `  ${line}`)),
  ];
}

function explainPolicy<T>({ policy, selects, rules }: PolicyVerdict<T>, word: string): readonly string[] {
  const maybe = selects === 'unknown' ? ' (may select it: not all of its labels are known)' : '';
  if (rules.length === 0) return [`${policy.name}${maybe} has no ${word} rule, so it allows nothing.`];
  return rules.flatMap(rule => {
    const [first, ...more] = explainRule(rule);
    return [
      `${policy.name}${maybe}, ${word} rule ${rule.position + 1}: ${first ?? 'allows it.'}`,
      ...more.map(line => `  ${line}`),
    ];
  });
}

/** Why a rule does not match; nothing when it does. */
function explainRule<T>({ peerMatch, peers, portMatch, ports }: RuleVerdict<T>): readonly string[] {
  const reasons: string[] = [];
  if (portMatch !== 'yes') {
    reasons.push(
      `${portMatch === 'no' ? 'no port matches' : 'the port may match'} (${ports.map(portText).join('; ')}).`,
    );
  }
  if (peerMatch !== 'yes') {
    reasons.push(`${peerMatch === 'no' ? 'no peer matches' : 'a peer may match'} (${peers.map(peerText).join('; ')}).`);
  }
  return reasons;
}

function peerText<T>({ match, because }: PeerVerdict<T>): string {
  switch (because?.kind) {
    case undefined:
      return 'matches';
    case 'podSelector':
      return `podSelector wants ${requirementText(because.requirement, 'pod')}`;
    case 'namespaceSelector':
      return `namespaceSelector wants ${requirementText(because.requirement, 'namespace')}`;
    case 'other-namespace':
      return because.namespace === undefined
        ? `podSelector selects in namespace ${because.policyNamespace} only, and the peer's namespace is not known`
        : `podSelector without namespaceSelector selects in namespace ${because.policyNamespace} only, the peer is in ${because.namespace}`;
    case 'not-a-pod':
      return 'a selector matches pods only';
    case 'host-network':
      return 'a selector does not match a pod on the host network';
    case 'ipBlock':
      return `ipBlock ${because.cidr}${because.except.length > 0 ? ` except ${because.except.join(', ')}` : ''} ${
        match === 'no' ? 'does not cover its address' : 'may or may not cover its address'
      }`;
    case 'invalid':
      return 'the API server refuses this peer';
  }
}

function requirementText<T>(requirement: UnmetRequirement<T>, what: 'pod' | 'namespace'): string {
  const { key, operator, values, actual, unknown } = requirement;
  const list = values.join(', ');
  const wanted = table<string>({
    In: values.length === 1 ? `${key}=${list}` : `${key} in (${list})`,
    NotIn: `${key} not in (${list})`,
    Exists: `label ${key}`,
    DoesNotExist: `no label ${key}`,
  });
  const is = unknown
    ? `it is not known whether the ${what} has it`
    : actual === undefined
      ? `the ${what} has no label ${key}`
      : `the ${what} has ${key}=${actual}`;
  return `${wanted[operator] ?? `the unknown operator ${operator}`}, ${is}`;
}

function portText<T>({ port, because }: PortVerdict<T>): string {
  switch (because?.kind) {
    case undefined:
      return 'matches';
    case 'protocol':
      return `${port.port ?? 'any port'} is for ${because.protocol} only`;
    case 'number':
      return because.endPort === undefined ? `${because.port}` : `${because.port} to ${because.endPort}`;
    case 'no-such-name':
      return because.digits
        ? `"${because.name}" is a string and so a port name, not a number`
        : `the destination has no port named ${because.name}`;
    case 'other-port-of-name':
      return `${because.name} is port ${because.ports.join(', ')} of the destination`;
    case 'names-unknown':
      return `the destination's port named ${because.name} is not known`;
    case 'invalid':
      return 'the API server refuses this endPort';
  }
}
