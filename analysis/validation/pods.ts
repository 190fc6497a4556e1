import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { containersOf, podTemplate } from '../pods';
import { quantityOf } from '../quantity';
import { isDnsLabel } from './names';
import { isUnfinished, type Refusal } from './refusal';

/* Pod templates and what makes pods of them (kubernetes pkg/apis/core/validation, pkg/apis/apps/validation, batch). */

/** What is wrong with the pod template of a workload. */
export function* refusedPods(workload: Resource): Iterable<Refusal> {
  const template = podTemplate(workload);
  if (!template) return;
  const spec = template.at('spec');
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
    yield* resources(container);
    yield* duplicates(container.at('volumeMounts').items(), 'mountPath', 'is mounted over twice');
    yield* probes(container);
    for (const variable of container.at('env').items())
      if (variable.at('valueFrom').exists && variable.at('value').string)
        yield {
          at: variable.at('value'),
          what: `The variable ${variable.at('name').text} has a value and a source`,
          advice: 'keep one',
        };
  }
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
    ...(!isJob && { instead: 'Always' }),
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

function* resources(container: Value): Iterable<Refusal> {
  const name = container.at('name').text;
  for (const field of ['requests', 'limits'])
    for (const [resource, value] of container.at('resources', field).entries()) yield* quantity(resource, value);
  for (const [resource, request] of container.at('resources', 'requests').entries()) {
    const limit = container.at('resources', 'limits', resource);
    const [least, most] = [quantityOf(request.text), quantityOf(limit.text)];
    if (least !== undefined && most !== undefined && least > most)
      yield {
        at: request,
        what: `Container ${name} requests ${request.text} of ${resource}, more than its limit of ${limit.text}`,
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
    const threshold = probe.at('successThreshold');
    if (kind !== 'readinessProbe' && threshold.number !== undefined && threshold.number !== 1)
      yield {
        at: threshold,
        what: `The successThreshold of a ${kind} is 1`,
        advice: 'write 1, or leave it out',
        instead: 1,
      };
  }
}

function* strategy(workload: Resource): Iterable<Refusal> {
  if (workload.kind !== 'Deployment') return;
  const written = workload.root.at('spec', 'strategy');
  const rolling = written.at('rollingUpdate');
  if (written.at('type').text === 'Recreate' && rolling.exists && !rolling.isNull)
    yield { at: rolling, what: 'The strategy Recreate has no rollingUpdate', advice: 'remove it' };
  const [surge, unavailable] = [rolling.at('maxSurge'), rolling.at('maxUnavailable')];
  if (isZero(surge) && isZero(unavailable))
    yield { at: unavailable, what: 'maxSurge and maxUnavailable cannot both be 0', advice: 'let one of them be 1' };
}

function isZero(value: Value): boolean {
  return value.number === 0 || value.string === '0%';
}
