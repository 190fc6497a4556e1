import { type Answer, byTypeAndNamespace, readJson, readObjects, readText } from '../cluster/read';
import { statusOf } from '../cluster/status';
import type { ErrorClass } from '../journal/entries';
import type { Kubectl } from '../kubectl/kubectl';
import { type DeployPlan, objectContent, type PlannedStep, plannedSteps } from '../plan/plan';
import { at, entries, items, type Json, type PlanSource, podTemplate, text } from '../plan/source';

/** A precondition of a step that does not hold. */
export interface GateProblem {
  readonly class: ErrorClass;
  readonly text: string;
}

/** What a gate has learnt that stays true for the whole run; only good news is remembered. */
export interface GateMemory {
  readonly types: Map<string, { readonly resource: string; readonly namespaced: boolean }>;
  readonly allowed: Set<string>;
  readonly namespaces: Set<string>;
}

/** What the gates of a run have learnt of the cluster: nothing yet. */
export function createGateMemory(): GateMemory {
  return { types: new Map(), allowed: new Set(), namespaces: new Set() };
}

/**
 * Looks, right before a step, whether the cluster is ready for it: its kinds are served, its namespaces exist, the
 * user may do it, the Secrets its pods name exist, and the steps it builds on still stand.
 */
export async function checkGate(
  kubectl: Kubectl,
  plan: DeployPlan,
  step: PlannedStep,
  sources: readonly PlanSource[],
  memory: GateMemory,
): Promise<readonly GateProblem[]> {
  const problems: GateProblem[] = [];
  for (const apiVersion of new Set(step.objects.map(object => object.apiVersion))) {
    if ([...memory.types.keys()].some(key => key.startsWith(`${apiVersion} `))) continue;
    const problem = await learnTypes(kubectl, apiVersion, memory);
    if (problem !== undefined) problems.push(problem);
  }
  for (const object of step.objects)
    if (problems.length === 0 && !memory.types.has(`${object.apiVersion} ${object.kind}`))
      problems.push({
        class: 'kind-missing',
        text: `The cluster serves ${object.apiVersion}, but not its kind ${object.kind}.`,
      });
  if (problems.length > 0) return problems;

  problems.push(...(await missingNamespaces(kubectl, step, memory)));
  problems.push(...(await forbidden(kubectl, step, memory)));
  if (problems.length > 0) return problems;
  problems.push(...(await missingSecrets(kubectl, step, sources)));
  problems.push(...(await fallenSteps(kubectl, plan, step)));
  return problems;
}

async function learnTypes(kubectl: Kubectl, apiVersion: string, memory: GateMemory): Promise<GateProblem | undefined> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const answer = await readJson(kubectl, ['get', '--raw', path]);
  if (!answer.ok) {
    if (answer.class !== 'not-found' && answer.class !== 'kind-missing') return problemOf(answer);
    return { class: 'kind-missing', text: `The cluster does not serve ${apiVersion}; its operator is not installed.` };
  }
  for (const resource of items(at(answer.value, 'resources'))) {
    const name = text(at(resource, 'name')) ?? '';
    const kind = text(at(resource, 'kind')) ?? '';
    if (!name.includes('/'))
      memory.types.set(`${apiVersion} ${kind}`, { resource: name, namespaced: at(resource, 'namespaced') === true });
  }
  return undefined;
}

async function missingNamespaces(kubectl: Kubectl, step: PlannedStep, memory: GateMemory): Promise<GateProblem[]> {
  const created = new Set(step.objects.filter(object => object.kind === 'Namespace').map(object => object.name));
  const problems: GateProblem[] = [];
  for (const namespace of new Set(step.objects.flatMap(object => object.namespace ?? []))) {
    if (created.has(namespace) || memory.namespaces.has(namespace)) continue;
    const answer = await readObjects(kubectl, { apiVersion: 'v1', kind: 'Namespace' }, undefined, [namespace]);
    if (!answer.ok) problems.push(problemOf(answer));
    else if (statusOf(answer.value[0]).status === 'current') memory.namespaces.add(namespace);
    else
      problems.push({
        class: 'namespace-missing',
        text: `The namespace ${namespace} ${statusOf(answer.value[0]).text}.`,
      });
  }
  return problems;
}

/**
 * Asks the API server itself; a review is created with plain JSON, which every version of kubectl sends as it is.
 * Server-side apply is a patch, and where the object does not exist yet the server asks for the right to create it too.
 */
async function forbidden(kubectl: Kubectl, step: PlannedStep, memory: GateMemory): Promise<GateProblem[]> {
  const problems = new Map<string, GateProblem>();
  for (const object of step.objects) {
    const type = memory.types.get(`${object.apiVersion} ${object.kind}`)!;
    const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0]! : '';
    const namespace = type.namespaced ? object.namespace : undefined;
    for (const verb of ['patch', 'create']) {
      const key = `${verb} ${group} ${type.resource} ${namespace ?? ''}`;
      if (memory.allowed.has(key) || problems.has(key)) continue;
      const resourceAttributes = {
        verb,
        group,
        resource: type.resource,
        ...(namespace === undefined ? {} : { namespace }),
      };
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const result = await readText(
        kubectl,
        ['create', '--raw', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', '--filename=-'],
        { input: JSON.stringify(review) },
      );
      if (!result.ok) return [problemOf(result)];
      if (isAllowed(result.value)) memory.allowed.add(key);
      else {
        const where = namespace === undefined ? 'in the cluster' : `in the namespace ${namespace}`;
        problems.set(key, { class: 'forbidden', text: `You may not ${verb} ${type.resource} ${where}.` });
      }
    }
  }
  return [...problems.values()];
}

function isAllowed(review: string): boolean {
  try {
    return at(JSON.parse(review) as Json, 'status', 'allowed') === true;
  } catch {
    return false;
  }
}

/** Secrets that pods name and nobody has made: the pods would wait for them for ever. Only names are read. */
async function missingSecrets(
  kubectl: Kubectl,
  step: PlannedStep,
  sources: readonly PlanSource[],
): Promise<GateProblem[]> {
  const contents = step.objects.map(object => [object, objectContent(object, sources)] as const);
  const provided = new Set(contents.flatMap(([object, content]) => providedSecrets(object.kind, object.name, content)));
  const problems: GateProblem[] = [];
  const asked = new Map<string, Set<string>>();
  for (const [object, content] of contents)
    for (const name of namedSecrets(podTemplate(content)))
      if (!provided.has(name) && object.namespace !== undefined)
        asked.set(object.namespace, (asked.get(object.namespace) ?? new Set()).add(name));
  for (const [namespace, names] of asked) {
    const answer = await readText(kubectl, [
      'get',
      'Secret',
      ...names,
      `--namespace=${namespace}`,
      '--ignore-not-found',
      '--output=name',
    ]);
    if (!answer.ok) return [problemOf(answer)];
    const found = new Set(answer.value.split('\n').map(line => line.trim().replace(/^secret\//, '')));
    for (const name of names)
      if (!found.has(name))
        problems.push({
          class: 'not-ready',
          text: `Secret/${name}, which the pods of this step need, does not exist.`,
        });
  }
  return problems;
}

function namedSecrets(template: Json | undefined): readonly string[] {
  const names = new Set<string>();
  const add = (name: Json | undefined, optional: Json | undefined) => {
    if (typeof name === 'string' && optional !== true && /^[a-z0-9][a-z0-9.-]*$/.test(name)) names.add(name);
  };
  const spec = at(template, 'spec');
  for (const list of ['initContainers', 'containers'])
    for (const container of items(at(spec, list))) {
      for (const entry of items(at(container, 'env')))
        add(at(entry, 'valueFrom', 'secretKeyRef', 'name'), at(entry, 'valueFrom', 'secretKeyRef', 'optional'));
      for (const entry of items(at(container, 'envFrom')))
        add(at(entry, 'secretRef', 'name'), at(entry, 'secretRef', 'optional'));
    }
  for (const volume of items(at(spec, 'volumes'))) {
    add(at(volume, 'secret', 'secretName'), at(volume, 'secret', 'optional'));
    for (const source of items(at(volume, 'projected', 'sources')))
      add(at(source, 'secret', 'name'), at(source, 'secret', 'optional'));
  }
  return [...names];
}

/** Secrets that an object of the step is, or that an operator will make from it. */
function providedSecrets(kind: string, name: string, content: Json | undefined): readonly string[] {
  if (kind === 'Secret') return [name];
  if (kind === 'Certificate') return [text(at(content, 'spec', 'secretName')) ?? ''];
  if (kind === 'Cluster') return ['app', 'superuser', 'ca', 'server', 'replication'].map(suffix => `${name}-${suffix}`);
  // cert-manager makes a certificate for every annotated Ingress: https://cert-manager.io/docs/usage/ingress/
  if (kind === 'Ingress' && entries(at(content, 'metadata', 'annotations')).some(([key]) => issuedBy.test(key)))
    return items(at(content, 'spec', 'tls')).flatMap(tls => text(at(tls, 'secretName')) ?? []);
  if (kind === 'SealedSecret' || kind === 'ExternalSecret')
    return [name, text(at(content, 'spec', 'target', 'name')) ?? name];
  return [];
}

const issuedBy = /^cert-manager\.io\/(cluster-)?issuer$/;

/** Steps this one builds on are looked at again: what was ready an hour ago may not be ready now. */
async function fallenSteps(kubectl: Kubectl, plan: DeployPlan, step: PlannedStep): Promise<GateProblem[]> {
  const problems: GateProblem[] = [];
  for (const before of plannedSteps(plan).filter(candidate => step.after.includes(candidate.id))) {
    const complaint = await notStanding(kubectl, before);
    if (complaint !== undefined) problems.push(complaint);
  }
  return problems;
}

/** The first object of a step that is not as wanted; undefined if the step stands. */
export async function notStanding(kubectl: Kubectl, step: PlannedStep): Promise<GateProblem | undefined> {
  for (const group of byTypeAndNamespace(step.waits.filter(candidate => candidate.kind !== 'Job'))) {
    const names = group.map(wait => wait.name);
    const answer = await readObjects(kubectl, group[0], group[0].namespace, names);
    if (!answer.ok) return problemOf(answer);
    for (const { kind, name } of group) {
      const status = statusOf(answer.value.find(object => at(object, 'metadata', 'name') === name));
      if (status.status !== 'current')
        return { class: 'not-ready', text: `${step.title}: ${kind}/${name} ${status.text}.` };
    }
  }
  return undefined;
}

function problemOf(answer: Extract<Answer<unknown>, { ok: false }>): GateProblem {
  return { class: answer.class, text: answer.message };
}
