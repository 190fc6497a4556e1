import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { parseCidr } from '../network/cidr';
import { isDnsLabel } from './names';
import { isPortName, quantity } from './pods';
import { isUnfinished, type Refusal } from './refusal';

/* Objects other than workloads (kubernetes pkg/apis/core, networking, batch and autoscaling, validation). */

/** What is wrong with an object of one of some kinds. */
export function refusedObject(resource: Resource): Iterable<Refusal> {
  return byKind[resource.qualifiedKind]?.(resource) ?? [];
}

/** Kinds that {@link refusedObject} knows. */
const byKind: Readonly<Record<string, (resource: Resource) => Iterable<Refusal>>> = {
  Service: service,
  Ingress: ingress,
  NetworkPolicy: networkPolicy,
  CronJob: cronJob,
  HorizontalPodAutoscaler: autoscaler,
  Secret: secret,
  PersistentVolumeClaim: claim => storage(claim.root.at('spec')),
  StatefulSet: function* claims(set) {
    for (const claim of set.root.at('spec', 'volumeClaimTemplates').items()) yield* storage(claim.at('spec'));
  },
};

function* storage(spec: Value): Iterable<Refusal> {
  yield* quantity('storage', spec.at('resources', 'requests', 'storage'));
}

function* service(resource: Resource): Iterable<Refusal> {
  const spec = resource.root.at('spec');
  const ports = spec.at('ports').items();
  const [names, numbers] = [new Set<string>(), new Set<string>()];
  for (const port of ports) {
    const name = port.at('name');
    if (ports.length > 1 && !name.string) {
      yield {
        at: port.at('port'),
        what: `A port of Service ${resource.name} has no name, and a Service of several ports needs names`,
        advice: 'name it',
      };
    } else if (name.string && !isUnfinished(name.string)) {
      if (!isDnsLabel(name.string))
        yield {
          at: name,
          what: `${name.string} is no name for a port`,
          advice: 'use lower-case letters, digits and dashes',
        };
      else if (names.has(name.string))
        yield {
          at: name,
          what: `${name.string} is the name of two ports of Service ${resource.name}`,
          advice: 'rename one',
        };
      names.add(name.string);
    }
    const number = `${port.at('port').text}/${port.at('protocol').text ?? 'TCP'}`;
    if (port.at('port').exists && numbers.has(number))
      yield {
        at: port.at('port'),
        what: `Service ${resource.name} has the port ${number} twice`,
        advice: 'change or remove one',
      };
    numbers.add(number);
  }
  const type = spec.at('type').text;
  if (spec.at('clusterIP').text === 'None' && (type === 'LoadBalancer' || type === 'NodePort'))
    yield {
      at: spec.at('clusterIP'),
      what: `A Service of type ${type} cannot be headless`,
      advice: 'remove clusterIP, or make a second Service',
    };
}

function* ingress(resource: Resource): Iterable<Refusal> {
  for (const rule of resource.root.at('spec', 'rules').items()) {
    const host = rule.at('host');
    if (host.string && !isUnfinished(host.string) && !host.string.replace(/^\*\./, '').split('.').every(isLabel))
      yield {
        at: host,
        what: `${host.string} is no host for an Ingress`,
        advice: 'write a lower-case domain name without a scheme, port or path',
      };
    for (const item of rule.at('http', 'paths').items()) {
      const path = item.at('path');
      if (path.string && !isUnfinished(path.string) && !path.string.startsWith('/'))
        yield { at: path, what: `The path ${path.string} does not begin with a slash`, advice: 'write one before it' };
    }
  }
}

function isLabel(text: string): boolean {
  return isDnsLabel(text);
}

function* networkPolicy(resource: Resource): Iterable<Refusal> {
  const spec = resource.root.at('spec');
  for (const [direction, field] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const)
    for (const rule of spec.at(direction).items()) {
      for (const peer of rule.at(field).items()) yield* policyPeer(peer);
      for (const port of rule.at('ports').items()) yield* policyPort(port);
    }
}

function* policyPeer(peer: Value): Iterable<Refusal> {
  const block = peer.at('ipBlock');
  const selectors = ['podSelector', 'namespaceSelector'].filter(field => peer.at(field).exists);
  if (peer.kind === 'mapping' && peer.keys().length === 0)
    yield { at: peer, what: 'A peer says nobody', advice: 'name a selector or an ipBlock, or remove it' };
  if (!block.exists) return;
  if (selectors.length > 0)
    yield {
      at: block,
      what: `A peer cannot have an ipBlock beside a ${selectors[0]}`,
      advice: 'make two items of it',
    };
  for (const cidr of [block.at('cidr'), ...block.at('except').items()]) {
    const text = cidr.text;
    if (text !== undefined && !isUnfinished(text) && !parseCidr(text))
      yield { at: cidr, what: `${text} is no range of addresses`, advice: 'write it as 10.0.0.0/8' };
  }
}

function* policyPort(item: Value): Iterable<Refusal> {
  const port = item.at('port');
  const end = item.at('endPort');
  if (port.string !== undefined && !isUnfinished(port.string) && !isPortName(port.string)) {
    const isNumber = /^\d+$/.test(port.string);
    yield {
      at: port,
      what: isNumber
        ? `In quotes ${port.string} is the name of a port, and a name needs a letter`
        : `${port.string} is no name for a port`,
      advice: isNumber ? `write ${port.string} without quotes` : 'use at most 15 lower-case letters, digits and dashes',
      ...(isNumber && { instead: Number(port.string) }),
    };
  }
  if (end.number === undefined) return;
  if (port.number === undefined)
    yield { at: end, what: 'endPort needs a port as a number', advice: 'write both as numbers' };
  else if (end.number < port.number)
    yield { at: end, what: `The range from ${port.number} to ${end.number} is empty`, advice: 'exchange the two' };
}

function* cronJob(resource: Resource): Iterable<Refusal> {
  const schedule = resource.root.at('spec', 'schedule');
  const text = schedule.string;
  if (text === undefined || isUnfinished(text) || isSchedule(text.trim())) return;
  const fields = text.trim().split(/\s+/).length;
  yield {
    at: schedule,
    what: `"${text}" is no schedule of a CronJob`,
    advice:
      fields === 6
        ? 'leave out the seconds: it has five fields, from minutes to days of the week'
        : 'write five fields, from minutes to days of the week, or a word such as @daily',
  };
}

/** Whether robfig/cron's `ParseStandard`, which the API server uses, reads a schedule. */
function isSchedule(text: string): boolean {
  if (text.startsWith('@'))
    return /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every (?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+)$/.test(
      text,
    );
  const fields = text.replace(/^(?:CRON_)?TZ=\S+\s+/, '').split(/\s+/);
  return fields.length === 5 && fields.every((field, index) => isField(field, bounds[index] ?? [0, 59]));
}

/** Minutes, hours, days of the month, months, days of the week; a 7 for Sunday is not among them. */
const bounds: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
];

function isField(field: string, [least, most]: readonly [number, number]): boolean {
  return field.split(',').every(part => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    if (range === '' || step === '0') return false;
    if (range === '*' || range === '?') return true;
    const ends = range.split('-');
    return (
      ends.length <= 2 &&
      ends.every(end =>
        /^\d+$/.test(end) ? Number(end) >= least && Number(end) <= most : /^[a-z]{3}$/i.test(end) && most < 13,
      )
    );
  });
}

function* autoscaler(resource: Resource): Iterable<Refusal> {
  const [least, most] = ['minReplicas', 'maxReplicas'].map(field => resource.root.at('spec', field));
  if (least?.number !== undefined && most?.number !== undefined && least.number > most.number)
    yield {
      at: least,
      what: `minReplicas ${least.number} is more than maxReplicas ${most.number}`,
      advice: 'lower the one or raise the other',
    };
}

function* secret(resource: Resource): Iterable<Refusal> {
  const type = resource.root.at('type');
  const wanted = keysOfType[type.text ?? ''];
  if (!wanted) return;
  const keys = new Set(['data', 'stringData'].flatMap(field => resource.root.at(field).keys()));
  const missing = wanted.filter(key => !keys.has(key));
  if (missing.length > 0)
    yield {
      at: type,
      what: `A Secret of type ${type.text} needs the key ${missing.join(' and ')}`,
      advice: 'add it, or leave out the type',
    };
}

/** Kubernetes documentation, Secrets, "Types of Secret". */
const keysOfType: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};
