import { followsChecklist } from '../../analysis/checklist-signs';
import { quantityOf } from '../../analysis/quantity';
import { clusterKind, databases } from '../../analysis/roles';
import { type PostgresFloor, postgresFloor } from '../../analysis/scale';
import { insertEntry, quoted, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'pg-resources-below-profile',
  items: ['1.1.c.1'],
  severity: 'warning',
  summary: 'A PostgreSQL cluster has less memory, CPU or storage than its number of users needs.',
  why: 'The database is what the whole deployment waits for: short of memory it is killed and fails over, short of disk it stops.',
  remedy:
    'Request at least 2Gi memory, 1 CPU and 50Gi storage for each cluster, the floor for 100 concurrent users. For more users set `scale.ccu` in `matrix-preflight.yaml`.',
  traps: [
    'A Cluster without any requests is an error in a tree that follows the checklist, by `matrix-preflight.yaml`, key_vault or an LI instance; all else is a warning.',
    'More than the floor is fine, and quantities are compared by what they mean: `2048Mi` is enough, `2G` is less than `2Gi`, `1000m` is one CPU.',
    'The table is that of Synapse and of the LI instance; the clusters of bridges and of other programs are not measured by it.',
    'A limit without a request counts as the request, as it does for Kubernetes.',
    "Which table counts is `scale.source`: `checklist`, or `guide` for the larger sizes of the deployment's scaling guide. The tree's own table is taken, as far as it goes; what it does not say comes from a general one.",
  ],
  sources: [
    'Kubernetes documentation, Resource Management for Pods and Containers: a request that is not set is taken from the limit.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        resources:
          requests:
            memory: 1Gi
      #             ^^^ 💡 warning: requests 1Gi memory, the checklist asks at least 2Gi for 100 concurrent users
            cpu: "1"
          limits:
            memory: 1536Mi
        storage:
          size: 20Gi # grows
      #         ^^^^ 💡 warning: has 20Gi storage, the checklist asks at least 50Gi
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      spec:
        resources:
          requests:
            memory: 2Gi
            cpu: "1"
          limits:
            memory: 2Gi
        storage:
          size: 50Gi # grows
    `,
  },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const { main, li } = databases(workspace);
    if (cluster !== main && cluster !== li) return;
    const floor = postgresFloor(workspace);
    yield* checkResources(workspace, cluster, floor);
    yield* checkStorage(cluster, floor);
  },
} satisfies Rule;

function* checkResources(workspace: Workspace, cluster: Resource, floor: PostgresFloor): Iterable<Problem> {
  const resources = cluster.root.at('spec', 'resources');
  const named = (field: string, name: string): Value => resources.at(field, name);
  const has = (name: string): boolean =>
    named('requests', name).text !== undefined || named('limits', name).text !== undefined;
  if (!has('memory') && !has('cpu')) {
    yield {
      at: resources.exists ? resources.key : cluster.root.at('metadata', 'name'),
      ...(followsChecklist(workspace) && { severity: 'error' as const }),
      message: `Cluster ${cluster.name} requests neither memory nor CPU, ${floor.source} asks at least ${floor.memory} and ${floor.cpu} CPU for ${floor.ccu} concurrent users — add resources.requests.`,
      fixes: () => addRequests(cluster, floor),
    };
    return;
  }
  for (const [name, what, least] of [
    ['memory', 'memory', floor.memory],
    ['cpu', 'CPU', floor.cpu],
  ] as const) {
    const request = named('requests', name);
    const limit = named('limits', name);
    const value = request.text === undefined ? limit : request;
    const amount = quantityOf(value.text);
    const wanted = quantityOf(least) ?? 0;
    if (value.text === undefined) {
      yield {
        at: resources.at('requests').exists ? resources.at('requests').key : resources.key,
        message: `Cluster ${cluster.name} requests no ${what}, ${floor.source} asks at least ${least} for ${floor.ccu} concurrent users — add it.`,
        fixes: () => {
          const edit = insertEntry(resources.at('requests'), `${name}: ${yamlOf(least)}`);
          return edit ? [{ title: `Request ${least} ${what}`, safe: true, edits: [edit] }] : [];
        },
      };
    } else if (amount !== undefined && amount < wanted) {
      yield {
        at: value,
        message: `Cluster ${cluster.name} requests ${value.text} ${what}, ${floor.source} asks at least ${least} for ${floor.ccu} concurrent users — raise it.`,
        fixes: () => {
          const tooLow = request.text !== undefined && (quantityOf(limit.text) ?? wanted) < wanted;
          const edits = [raise(value, least), ...(tooLow ? [raise(limit, least)] : [])].flatMap(edit => edit ?? []);
          return edits.length === (tooLow ? 2 : 1) ? [{ title: `Request ${least} ${what}`, safe: true, edits }] : [];
        },
      };
    }
  }
}

function* checkStorage(cluster: Resource, floor: PostgresFloor): Iterable<Problem> {
  const storage = cluster.root.at('spec', 'storage');
  const template = storage.at('pvcTemplate', 'resources', 'requests', 'storage');
  const size = storage.at('size').text === undefined ? template : storage.at('size');
  const wanted = quantityOf(floor.storage) ?? 0;
  if (size.text === undefined) {
    yield {
      at: storage.exists ? storage.key : cluster.root.at('metadata', 'name'),
      severity: 'error',
      message: `Cluster ${cluster.name} says no storage size, ${floor.source} asks at least ${floor.storage} for ${floor.ccu} concurrent users — set storage.size.`,
      fixes: () => {
        const edit =
          storage.kind === 'mapping'
            ? insertEntry(storage, `size: ${floor.storage}`)
            : storage.exists
              ? undefined
              : insertEntry(cluster.root.at('spec'), `storage:\n  size: ${floor.storage}`);
        return edit ? [{ title: `Set storage.size: ${floor.storage}`, safe: true, edits: [edit] }] : [];
      },
    };
    return;
  }
  const amount = quantityOf(size.text);
  if (amount === undefined || amount >= wanted) return;
  yield {
    at: size,
    message: `Cluster ${cluster.name} has ${size.text} storage, ${floor.source} asks at least ${floor.storage} for ${floor.ccu} concurrent users — raise it.`,
    fixes: () => {
      const edit = raise(size, floor.storage);
      return edit ? [{ title: `Set ${floor.storage}`, safe: true, edits: [edit] }] : [];
    },
  };
}

function addRequests(cluster: Resource, floor: PostgresFloor): readonly Fix[] {
  const spec = cluster.root.at('spec');
  const resources = spec.at('resources');
  const requests = `requests:\n  memory: ${floor.memory}\n  cpu: ${yamlOf(floor.cpu)}`;
  const edit =
    resources.kind === 'mapping'
      ? resources.at('requests').exists
        ? undefined
        : insertEntry(resources, requests)
      : resources.exists
        ? undefined
        : insertEntry(spec, `resources:\n  ${requests.replaceAll('\n', '\n  ')}`);
  return edit ? [{ title: `Request ${floor.memory} memory and ${floor.cpu} CPU`, safe: true, edits: [edit] }] : [];
}

function raise(value: Value, quantity: string): TextEdit | undefined {
  return value.number === undefined ? replaceScalar(value, quantity) : replaceValue(value, yamlOf(quantity));
}

/** A quantity as a scalar; a bare number is put in quotes, as Kubernetes prints it. */
function yamlOf(quantity: string): string {
  return quoted(quantity, /^\d+$/.test(quantity) ? 'double' : 'plain');
}
