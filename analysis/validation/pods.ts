import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { containersOf, podTemplate } from '../pods';
import { quantityOf } from '../quantity';
import { isDnsLabel } from './names';
import { isUnfinished, type Refusal } from './refusal';
import { refusedSelector } from './selectors';

/* Pod templates and what makes pods of them (kubernetes pkg/apis/core/validation, pkg/apis/apps/validation, batch). */

/** What is wrong with the pod template of a workload. */
export function* refusedPods(workload: Resource): Iterable<Refusal> {
  const template = podTemplate(workload);
  if (!template) return;
  const spec = template.at('spec');
  yield* refusedSelector(workload.root.at('spec', 'selector'));
  yield* restartPolicy(workload, spec.at('restartPolicy'));
  const containers = containersOf(workload).map(({ value }) => value);
  yield* named(containers, 'container');
  yield* named(spec.at('volumes').items(), 'volume');
  for (const volume of spec.at('volumes').items()) {
    const sources = volume.keys().filter(key => key !== 'name' && key !== '<<' && !key.startsWith('x-'));
    if (sources.length > 1)
      yield {
        at: volume.at(sources[1] ?? ''),
        what: `The volume ${volume.at('name').text} is of two types, ${sources.join(' and ')}`,
        advice: 'keep one',
      };
  }
  for (const container of containers) {
    yield* ports(container, spec.at('hostNetwork').boolean === true);
    yield* resources(container, `Container ${container.at('name').text}`);
    yield* duplicates(container.at('volumeMounts').items(), 'mountPath', 'is mounted over twice');
    yield* probes(container);
    yield* privileges(container.at('securityContext'));
    for (const variable of container.at('env').items()) {
      yield* fieldPath(variable.at('valueFrom', 'fieldRef', 'fieldPath'));
      if (variable.at('valueFrom').exists && variable.at('value').string)
        yield {
          at: variable.at('value'),
          what: `The variable ${variable.at('name').text} has a value and a source`,
          advice: 'keep one',
        };
    }
  }
  for (const container of spec.at('initContainers').items()) yield* initContainer(container);
  yield* privileges(spec.at('securityContext'));
  yield* scheduling(spec);
  yield* modes(spec.at('volumes').items());
  for (const volume of spec.at('volumes').items()) {
    const medium = volume.at('emptyDir', 'medium');
    if (medium.text && !/^(?:Memory|HugePages(?:-\w+)?)$/.test(medium.text))
      yield {
        at: medium,
        what: `The kubelet knows no medium ${medium.text}`,
        advice: 'write Memory, or leave it out',
        instead: 'Memory',
      };
  }
  for (const field of ['terminationGracePeriodSeconds', 'activeDeadlineSeconds']) yield* negative(spec.at(field));
  yield* strategy(workload);
}

function* restartPolicy(workload: Resource, policy: Value): Iterable<Refusal> {
  const { text } = policy;
  if (text === undefined || workload.kind === 'Pod') return;
  const isJob = workload.kind === 'Job' || workload.kind === 'CronJob';
  if (isJob !== (text === 'Always')) return;
  yield {
    at: policy,
    what: `The pods of a ${workload.kind} cannot have the restartPolicy ${text}`,
    advice: isJob ? 'write OnFailure or Never' : 'write Always, or leave it out',
    instead: isJob ? 'OnFailure' : 'Always',
  };
}

function* named(items: readonly Value[], what: string): Iterable<Refusal> {
  yield* duplicates(items, 'name', `is the name of two ${what}s`);
  for (const item of items) {
    const name = item.at('name');
    if (name.string && !isUnfinished(name.string) && !isDnsLabel(name.string))
      yield {
        at: name,
        what: `${name.string} is no name for a ${what}`,
        advice: 'use at most 63 lower-case letters, digits and dashes',
      };
  }
}

function* duplicates(items: readonly Value[], field: string, what: string): Iterable<Refusal> {
  const seen = new Set<string>();
  for (const item of items) {
    const value = item.at(field);
    if (!value.string) continue;
    if (seen.has(value.string)) yield { at: value, what: `${value.string} ${what}`, advice: 'change or remove one' };
    seen.add(value.string);
  }
}

function* ports(container: Value, isOnHost: boolean): Iterable<Refusal> {
  const items = container.at('ports').items();
  yield* duplicates(items, 'name', 'is the name of two ports');
  for (const port of items) {
    const name = port.at('name');
    const number = port.at('containerPort');
    if (name.string && !isUnfinished(name.string) && !isPortName(name.string))
      yield {
        at: name,
        what: `${name.string} is no name for a container port`,
        advice:
          name.string.length > 15
            ? 'use at most 15 characters'
            : 'use lower-case letters, digits and single dashes, a letter among them',
      };
    if (number.number !== undefined && !isPort(number.number))
      yield { at: number, what: `${number.number} is no port`, advice: 'write a number from 1 to 65535' };
    const host = port.at('hostPort');
    if (isOnHost && host.number !== undefined && host.number !== 0 && host.number !== number.number)
      yield {
        at: host,
        what: 'On the host network the hostPort is the containerPort',
        advice: `write ${number.text}, or leave it out`,
      };
  }
}

/** IANA service names (RFC 6335, section 5.1), as `IsValidPortName` checks them. */
export function isPortName(text: string): boolean {
  return text.length <= 15 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text) && /[a-z]/.test(text);
}

function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65535;
}

/** What is wrong with `resources`, which a container has, and the spec of some other objects. */
export function* resources(holder: Value, name: string): Iterable<Refusal> {
  for (const field of ['requests', 'limits'])
    for (const [resource, value] of holder.at('resources', field).entries()) yield* quantity(resource, value);
  for (const [resource, request] of holder.at('resources', 'requests').entries()) {
    const limit = holder.at('resources', 'limits', resource);
    const [least, most] = [quantityOf(request.text), quantityOf(limit.text)];
    if (least !== undefined && most !== undefined && least > most)
      yield {
        at: request,
        what: `${name} requests ${request.text} of ${resource}, more than its limit of ${limit.text}`,
        advice: 'lower the request or raise the limit',
        instead: limit.number ?? limit.text ?? '',
      };
  }
}

/** What is wrong with the text of a quantity; nothing for what is not filled in yet. */
export function* quantity(resource: string, value: Value): Iterable<Refusal> {
  const { text } = value;
  if (text === undefined || text === '' || isUnfinished(text) || quantityOf(text) !== undefined) return;
  const unit = /^(\d+(?:\.\d+)?)\s*([KMGTP])i?B$/i.exec(text);
  const meant = unit ? `${unit[1]}${unit[2]?.toUpperCase()}i` : undefined;
  yield {
    at: value,
    what: `${text} is no quantity of ${resource}`,
    advice: meant !== undefined ? `write ${meant}` : 'write a number with a unit such as m, Mi or Gi, without a space',
    ...(meant !== undefined && { instead: meant }),
  };
}

/** The fields that a variable may be taken from (Kubernetes documentation, Downward API). */
const fields =
  /^(?:metadata\.(?:name|namespace|uid|(?:labels|annotations)\['[^']+'\])|spec\.(?:nodeName|serviceAccountName)|status\.(?:hostIPs?|podIPs?))$/;

function* fieldPath(path: Value): Iterable<Refusal> {
  if (path.text === undefined || isUnfinished(path.text) || fields.test(path.text)) return;
  yield {
    at: path,
    what: `No variable can have the value of ${path.text}`,
    advice: 'write a field such as metadata.name or status.podIP',
  };
}

/** Kubernetes validation, `validateInitContainers`: only those that go on running are probed. */
function* initContainer(container: Value): Iterable<Refusal> {
  if (container.at('restartPolicy').text === 'Always') return;
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'])
    if (container.at(field).exists)
      yield {
        at: container.at(field),
        what: `An init container cannot have a ${field}`,
        advice: 'remove it, or give it the restartPolicy Always',
      };
}

function* probes(container: Value): Iterable<Refusal> {
  for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const probe = container.at(kind);
    if (probe.kind !== 'mapping') continue;
    const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter(handler => probe.at(handler).exists);
    if (handlers.length > 1)
      yield {
        at: probe.at(handlers[1] ?? ''),
        what: `The ${kind} of container ${container.at('name').text} asks in two ways, ${handlers.join(' and ')}`,
        advice: 'keep one',
      };
    const grpc = probe.at('grpc');
    if (grpc.kind === 'mapping' && !grpc.at('port').exists)
      yield {
        at: grpc,
        what: `The ${kind} of container ${container.at('name').text} asks by gRPC without a port`,
        advice: 'add it',
      };
    const threshold = probe.at('successThreshold');
    if (kind !== 'readinessProbe' && threshold.number !== undefined && threshold.number !== 1)
      yield {
        at: threshold,
        what: `The successThreshold of a ${kind} is 1`,
        advice: 'write 1, or leave it out',
        instead: 1,
      };
    for (const field of ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'failureThreshold']) {
      const value = probe.at(field);
      if (value.number !== undefined && value.number < 0)
        yield { at: value, what: `The ${field} of a ${kind} cannot be ${value.number}`, advice: 'write at least 1' };
    }
  }
}

/** Numbers that count something. */
function* negative(value: Value): Iterable<Refusal> {
  if (value.number !== undefined && value.number < 0)
    yield { at: value, what: `${value.name} cannot be ${value.number}`, advice: 'write 0 or more' };
}

function* privileges(context: Value): Iterable<Refusal> {
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup']) yield* negative(context.at(field));
  const escalation = context.at('allowPrivilegeEscalation');
  if (escalation.boolean === false && context.at('privileged').boolean === true)
    yield {
      at: escalation,
      what: 'A privileged container cannot be kept from more privileges',
      advice: 'remove privileged: true',
    };
  const seccomp = context.at('seccompProfile');
  const isLocal = seccomp.at('type').text === 'Localhost';
  if (isLocal && !seccomp.at('localhostProfile').exists)
    yield {
      at: seccomp.at('type'),
      what: 'The seccomp profile Localhost says no file',
      advice: 'name it under localhostProfile, or write RuntimeDefault',
    };
  else if (!isLocal && seccomp.at('type').exists && seccomp.at('localhostProfile').exists)
    yield {
      at: seccomp.at('localhostProfile'),
      what: `The seccomp profile ${seccomp.at('type').text} is no file of the node`,
      advice: 'remove localhostProfile, or write type: Localhost',
    };
}

/** Affinity, spreading and tolerations (pkg/apis/core/validation, `validatePodAffinity`, `ValidateTolerations`). */
function* scheduling(spec: Value): Iterable<Refusal> {
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const terms = spec.at('affinity', kind);
    const weighted = terms.at('preferredDuringSchedulingIgnoredDuringExecution').items();
    for (const { weight, term } of [
      ...terms
        .at('requiredDuringSchedulingIgnoredDuringExecution')
        .items()
        .map(one => ({ weight: undefined, term: one })),
      ...weighted.map(one => ({ weight: one.at('weight'), term: one.at('podAffinityTerm') })),
    ]) {
      yield* refusedSelector(term.at('labelSelector'));
      if (term.kind === 'mapping' && !term.at('topologyKey').text)
        yield {
          at: term,
          what: `A term of ${kind} says no topologyKey`,
          advice: 'add one, such as kubernetes.io/hostname',
        };
      if (weight?.number !== undefined && (weight.number < 1 || weight.number > 100))
        yield { at: weight, what: `${weight.number} is no weight`, advice: 'write a number from 1 to 100' };
    }
  }
  const affinity = spec.at('affinity', 'nodeAffinity');
  for (const term of [
    ...affinity.at('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms').items(),
    ...affinity
      .at('preferredDuringSchedulingIgnoredDuringExecution')
      .items()
      .map(one => one.at('preference')),
  ])
    yield* refusedSelector(term, ['Gt', 'Lt']);
  for (const constraint of spec.at('topologySpreadConstraints').items()) {
    yield* refusedSelector(constraint.at('labelSelector'));
    const skew = constraint.at('maxSkew');
    if (skew.number !== undefined && skew.number < 1)
      yield { at: skew, what: `maxSkew cannot be ${skew.number}`, advice: 'write at least 1', instead: 1 };
    for (const field of ['maxSkew', 'topologyKey', 'whenUnsatisfiable'])
      if (constraint.kind === 'mapping' && !constraint.at('$patch').exists && !constraint.at(field).exists)
        yield { at: constraint, what: `A topologySpreadConstraint says no ${field}`, advice: 'add it' };
  }
  for (const toleration of spec.at('tolerations').items()) {
    const [key, value] = [toleration.at('key'), toleration.at('value')];
    const isAny = toleration.at('operator').text === 'Exists';
    if (isAny && value.text)
      yield {
        at: value,
        what: 'A toleration with the operator Exists has no value',
        advice: 'remove the value, or write Equal',
      };
    if (!isAny && toleration.kind === 'mapping' && !key.text)
      yield {
        at: toleration,
        what: 'A toleration without a key has the operator Exists',
        advice: 'add operator: Exists, or the key',
      };
    const seconds = toleration.at('tolerationSeconds');
    if (seconds.exists && toleration.at('effect').text !== 'NoExecute')
      yield { at: seconds, what: 'tolerationSeconds needs the effect NoExecute', advice: 'remove it, or write that' };
  }
}

/** Modes of files are at most 0777, which is 511; JSON and YAML 1.2 have no octal numbers. */
function* modes(volumes: readonly Value[]): Iterable<Refusal> {
  for (const volume of volumes)
    for (const source of ['configMap', 'secret', 'projected', 'downwardAPI'])
      for (const mode of [
        volume.at(source, 'defaultMode'),
        ...volume
          .at(source, 'items')
          .items()
          .map(item => item.at('mode')),
      ])
        if (mode.number !== undefined && (mode.number < 0 || mode.number > 0o777))
          yield {
            at: mode,
            what: `${mode.text} is no mode of a file, of which 0777 is the highest`,
            advice: /^[0-7]{3}$/.test(mode.text ?? '') ? `write 0${mode.text}` : 'write one such as 0644',
          };
}

function* strategy(workload: Resource): Iterable<Refusal> {
  const own = workload.root.at('spec');
  for (const spec of [own, own.at('jobTemplate', 'spec')]) for (const field of counts) yield* negative(spec.at(field));
  if (workload.kind !== 'Deployment') return;
  const written = workload.root.at('spec', 'strategy');
  const rolling = written.at('rollingUpdate');
  if (written.at('type').text === 'Recreate' && rolling.exists && !rolling.isNull)
    yield { at: rolling, what: 'The strategy Recreate has no rollingUpdate', advice: 'remove it' };
  const [surge, unavailable] = [rolling.at('maxSurge'), rolling.at('maxUnavailable')];
  if (isZero(surge) && isZero(unavailable))
    yield { at: unavailable, what: 'maxSurge and maxUnavailable cannot both be 0', advice: 'let one of them be 1' };
}

const counts = [
  'replicas',
  'revisionHistoryLimit',
  'minReadySeconds',
  'progressDeadlineSeconds',
  'backoffLimit',
  'completions',
  'parallelism',
  'activeDeadlineSeconds',
  'ttlSecondsAfterFinished',
  'startingDeadlineSeconds',
  'successfulJobsHistoryLimit',
  'failedJobsHistoryLimit',
];

function isZero(value: Value): boolean {
  return value.number === 0 || value.string === '0%';
}
