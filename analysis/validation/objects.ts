import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import { coverage, parseCidr } from '../network/cidr';
import { quantityOf } from '../quantity';
import { refusedGateway, refusedRoute } from './gateways';
import { isDnsLabel } from './names';
import { isPortName, quantity, resources } from './pods';
import { refusedBackup, refusedCluster, refusedDatabase } from './postgresql';
import { isUnfinished, type Refusal } from './refusal';
import { refusedSelector } from './selectors';
import { refusedIngressRoute } from './traefik';

/* Objects other than workloads (kubernetes pkg/apis/core, networking, batch and autoscaling, validation). */

/** What is wrong with an object of one of some kinds. */
export function refusedObject(resource: Resource): Iterable<Refusal> {
  return byKind[resource.qualifiedKind]?.(resource) ?? [];
}

/** Kinds that {@link refusedObject} knows. */
const byKind = table<(resource: Resource) => Iterable<Refusal>>({
  Service: service,
  Ingress: ingress,
  Gateway: refusedGateway,
  HTTPRoute: refusedRoute,
  GRPCRoute: refusedRoute,
  TLSRoute: refusedRoute,
  TCPRoute: refusedRoute,
  UDPRoute: refusedRoute,
  'IngressRoute.traefik.io': refusedIngressRoute,
  'IngressRoute.traefik.containo.us': refusedIngressRoute,
  'IngressRouteTCP.traefik.io': refusedIngressRoute,
  'IngressRouteTCP.traefik.containo.us': refusedIngressRoute,
  NetworkPolicy: networkPolicy,
  'ServiceMonitor.monitoring.coreos.com': monitor,
  'PodMonitor.monitoring.coreos.com': monitor,
  'Prometheus.monitoring.coreos.com': ({ root }) => refusedRetention(root.at('spec')),
  CronJob: cronJob,
  HorizontalPodAutoscaler: autoscaler,
  Secret: secret,
  PersistentVolumeClaim: claim => storage(claim.root.at('spec')),
  StatefulSet: function* claims(set) {
    for (const claim of set.root.at('spec', 'volumeClaimTemplates').items()) yield* storage(claim.at('spec'));
    const policy = set.root.at('spec', 'persistentVolumeClaimRetentionPolicy');
    for (const when of [policy.at('whenDeleted'), policy.at('whenScaled')])
      if (when.text !== undefined && !isUnfinished(when.text) && when.text !== 'Retain' && when.text !== 'Delete')
        yield { at: when, what: `A claim cannot be left to ${when.text}`, advice: 'write Retain or Delete' };
  },
  Job: job,
  Namespace: namespace,
  PodDisruptionBudget: budget,
  LimitRange: limitRange,
  ResourceQuota: function* amounts(quota) {
    for (const [name, value] of quota.root.at('spec', 'hard').entries()) yield* quantity(name, value);
  },
  'Tenant.minio.min.io': tenant,
  'Cluster.postgresql.cnpg.io': refusedCluster,
  'Database.postgresql.cnpg.io': refusedDatabase,
  'ScheduledBackup.postgresql.cnpg.io': refusedBackup,
  'Backup.postgresql.cnpg.io': refusedBackup,
});

/**
 * How long and how much Prometheus keeps, in a Prometheus or in the values that a chart makes one from
 * (prometheus-operator, the CustomResourceDefinition’s patterns for Duration and ByteSize).
 */
export function* refusedRetention(spec: Value): Iterable<Refusal> {
  const time = spec.at('retention');
  const text = time.text ?? '';
  if (
    text !== '' &&
    !isUnfinished(text) &&
    !/^(?:0|(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?)$/.test(text)
  )
    yield {
      at: time,
      what: `${text} is no time for Prometheus to keep`,
      advice: 'write a number and y, w, d or h, such as 15d',
    };
  const amount = spec.at('retentionSize');
  const size = amount.text ?? '';
  if (size === '' || isUnfinished(size) || /(?:^0|(?:\d*\.)?\d+(?:[KMGTPE]i?)?B)$/.test(size)) return;
  const instead = /^[\d.]*\d[KMGTPE]i?$/.test(size) ? `${size}B` : undefined;
  yield {
    at: amount,
    what: `${size} is no size for Prometheus to keep`,
    advice: `write ${instead ?? 'a number with B, KB, MB or GB, such as 50GB'}`,
    ...(instead && { instead }),
  };
}

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
  yield* refusedSelector(spec.at('podSelector'));
  for (const [direction, field] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const)
    for (const rule of spec.at(direction).items()) {
      for (const peer of rule.at(field).items()) {
        yield* policyPeer(peer);
        yield* refusedSelector(peer.at('podSelector'));
        yield* refusedSelector(peer.at('namespaceSelector'));
      }
      for (const port of rule.at('ports').items()) yield* policyPort(port);
    }
}

/** Durations and patterns of monitors (Prometheus Operator, API reference: Endpoint, RelabelConfig). */
function* monitor(resource: Resource): Iterable<Refusal> {
  const spec = resource.root.at('spec');
  yield* refusedSelector(spec.at('selector'));
  for (const endpoint of [...spec.at('endpoints').items(), ...spec.at('podMetricsEndpoints').items()]) {
    for (const field of ['interval', 'scrapeTimeout']) {
      const value = endpoint.at(field);
      if (value.text !== undefined && !isUnfinished(value.text) && !duration.test(value.text))
        yield {
          at: value,
          what: `${value.text} is no duration for Prometheus`,
          advice: 'write a number with a unit, such as 30s',
        };
    }
    const [interval, timeout] = ['interval', 'scrapeTimeout'].map(field => secondsOf(endpoint.at(field).text));
    if (interval !== undefined && timeout !== undefined && timeout > interval)
      yield {
        at: endpoint.at('scrapeTimeout'),
        what: `A scrapeTimeout of ${endpoint.at('scrapeTimeout').text} is longer than the interval of ${endpoint.at('interval').text}, so the operator passes the monitor over`,
        advice: 'make it shorter',
      };
    for (const field of ['relabelings', 'metricRelabelings'])
      for (const relabeling of endpoint.at(field).items()) {
        const regex = relabeling.at('regex');
        if (regex.text !== undefined && !isUnfinished(regex.text) && opensMore(regex.text))
          yield { at: regex, what: `${regex.text} is no pattern: a bracket is not closed`, advice: 'close it' };
      }
  }
}

const duration = /^(?:0|(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?)$/;

/** Durations of one unit, which is how people write them. */
function secondsOf(text: string | undefined): number | undefined {
  const [, amount, unit = ''] = /^(\d+)(s|m|h)$/.exec(text ?? '') ?? [];
  return amount === undefined ? undefined : Number(amount) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
}

/** Whether a regular expression opens more groups than it closes, or the other way round. */
function opensMore(pattern: string): boolean {
  const plain = pattern.replace(/\\./g, '').replace(/\[\^?\]?[^\]]*\]/g, '');
  return plain.split('(').length !== plain.split(')').length;
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
  const outer = parseCidr(block.at('cidr').text ?? '');
  for (const except of block.at('except').items()) {
    const inner = parseCidr(except.text ?? '');
    if (!outer || !inner) continue;
    const isSame = inner.first === outer.first && inner.last === outer.last;
    if (inner.family === outer.family && !isSame && coverage([inner], [outer]) === 'inside') continue;
    yield {
      at: except,
      what: isSame
        ? `except leaves nothing of ${block.at('cidr').text}`
        : `${except.text} is not in ${block.at('cidr').text}, from which it is taken`,
      advice: isSame ? 'name a smaller range' : 'remove it, or write a range that is',
    };
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

/** A Job finds its pods by a label of its own, unless it says that it chooses them itself. */
function* job(resource: Resource): Iterable<Refusal> {
  const spec = resource.root.at('spec');
  if (spec.at('selector').exists && !spec.at('selector').isNull && spec.at('manualSelector').boolean !== true)
    yield { at: spec.at('selector'), what: 'A Job makes its selector itself', advice: 'remove it' };
}

/** PodSecurity admission reads these labels when a namespace is made (k8s.io/pod-security-admission, `ValidateNamespace`). */
function* namespace(resource: Resource): Iterable<Refusal> {
  for (const mode of ['enforce', 'audit', 'warn']) {
    const level = resource.root.at('metadata', 'labels', `pod-security.kubernetes.io/${mode}`);
    if (
      level.text !== undefined &&
      !isUnfinished(level.text) &&
      !/^(?:privileged|baseline|restricted)$/.test(level.text)
    )
      yield {
        at: level,
        what: `${level.text} is no Pod Security Standard`,
        advice: 'write privileged, baseline or restricted',
      };
  }
}

function* budget(resource: Resource): Iterable<Refusal> {
  yield* refusedSelector(resource.root.at('spec', 'selector'));
  for (const field of ['minAvailable', 'maxUnavailable']) {
    const value = resource.root.at('spec', field);
    if (value.string !== undefined && !isUnfinished(value.string) && !/^\d+%$/.test(value.string)) {
      const isNumber = /^\d+$/.test(value.string);
      yield {
        at: value,
        what: `${field} in quotes is a percentage, and ${value.string} is none`,
        advice: isNumber ? `write ${value.string} without quotes` : 'write a number, or a percentage such as 50%',
        ...(isNumber && { instead: Number(value.string) }),
      };
    }
  }
}

function* limitRange(resource: Resource): Iterable<Refusal> {
  const order = ['min', 'defaultRequest', 'default', 'max'];
  for (const limit of resource.root.at('spec', 'limits').items())
    for (const [index, lower] of order.entries())
      for (const [name, value] of limit.at(lower).entries()) {
        yield* quantity(name, value);
        const higher = order.slice(index + 1).find(field => {
          const [least, most] = [quantityOf(value.text), quantityOf(limit.at(field, name).text)];
          return least !== undefined && most !== undefined && least > most;
        });
        if (higher !== undefined)
          yield {
            at: value,
            what: `${lower} ${value.text} of ${name} is more than ${higher} ${limit.at(higher, name).text}`,
            advice: 'lower the one or raise the other',
          };
      }
}

/** What nothing of the operator makes: MinIO refuses such buckets, and PersistentVolumeClaims such sizes. */
function* tenant(resource: Resource): Iterable<Refusal> {
  for (const pool of resource.root.at('spec', 'pools').items()) {
    yield* storage(pool.at('volumeClaimTemplate', 'spec'));
    yield* resources(pool, `${pool.at('name').text ?? 'The pool'}`);
  }
  for (const bucket of resource.root.at('spec', 'buckets').items()) {
    const name = bucket.at('name');
    if (name.string && !isUnfinished(name.string) && !isBucketName(name.string))
      yield {
        at: name,
        what: `${name.string} is no name for a bucket`,
        advice: 'use 3 to 63 lower-case letters, digits, dashes and dots',
      };
  }
}

/** minio-go pkg/s3utils, `CheckValidBucketNameStrict`. */
function isBucketName(text: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text) && !/\.\.|\.-|-\./.test(text) && !/^\d+\.\d+\.\d+\.\d+$/.test(text)
  );
}

function* cronJob(resource: Resource): Iterable<Refusal> {
  yield* timeZone(resource.root.at('spec'));
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

/** Names of the IANA database; kube-apiserver looks them up and refuses `Local` (pkg/apis/batch/validation). */
function* timeZone(spec: Value): Iterable<Refusal> {
  const zone = spec.at('timeZone');
  if (zone.text !== undefined && !isUnfinished(zone.text) && !isTimeZone(zone.text))
    yield {
      at: zone,
      what: `There is no time zone ${zone.text}`,
      advice: 'write one such as Europe/Berlin or Etc/UTC',
    };
  const schedule = spec.at('schedule');
  const [prefix, own] = /^(?:CRON_)?TZ=(\S+)\s+/.exec(schedule.text ?? '') ?? [];
  if (prefix !== undefined && !isUnfinished(schedule.text ?? ''))
    yield {
      at: schedule,
      what: 'Since Kubernetes 1.29 a schedule has no time zone in it',
      advice: zone.exists ? 'remove it' : `write timeZone: ${own} beside the schedule`,
      instead: (schedule.text ?? '').slice(prefix.length),
    };
}

function isTimeZone(name: string): boolean {
  // Such as +01:00, which newer engines take for a zone.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // Not in every engine's data, though in the database.
    return /^(?:Factory|posixrules|[A-Z]{3}\d[A-Z]{3})$/.test(name);
  }
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
  const takesNone = resource.root
    .at('spec', 'metrics')
    .items()
    .some(metric => /^(?:Object|External)$/.test(metric.at('type').text ?? ''));
  for (const bound of [least, most])
    if (bound?.number !== undefined && bound.number < 1 && (bound === most || !takesNone))
      yield {
        at: bound,
        what: `An autoscaler cannot scale to ${bound.number}`,
        advice: 'write at least 1',
        instead: 1,
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
const keysOfType = table<readonly string[]>({
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
});
