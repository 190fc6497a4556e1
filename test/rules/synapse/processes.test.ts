import assert from 'node:assert/strict';
import type { Rule } from '../../../rules/rule';
import instanceMap from '../../../rules/synapse/synapse-instance-map';
import dutyDuplicated from '../../../rules/synapse/synapse-main-duty-duplicated';
import streamWriterCount from '../../../rules/synapse/synapse-stream-writer-count';
import legacyReplication from '../../../rules/synapse/synapse-worker-legacy-replication';
import nameMismatch from '../../../rules/synapse/synapse-worker-name-mismatch';
import { check } from '../../fixture';
import { fixed } from '../expect';
import { configMap, found, scriptedWorker, synapse } from './tree';

const listeners = `
listeners:
  - port: 9093
    type: http
    resources:
      - names: [replication]
`;
const map = `
instance_map:
  main:
    host: synapse-main-0.synapse-main.matrix.svc.cluster.local
    port: 9093
`;
const worker = 'worker_app: synapse.app.generic_worker\nworker_name: ${HOSTNAME}';

function homeserver(...parts: readonly string[]): string {
  return configMap('synapse-config', {
    'homeserver.yaml': ['server_name: tessera.test', ...parts.map(part => part.trim())].join('\n'),
  });
}

function messages(rule: Rule, tree: string): readonly string[] {
  return check(tree, [rule]).findings.map(({ problem }) => problem.message);
}

describe('synapse-worker-name-mismatch beside broken documents', () => {
  it('says nothing of a worker in a document that cannot be read', () => {
    const tree =
      homeserver(listeners, map, 'stream_writers:\n  typing: [synapse-typing-0]') +
      synapse('synapse-main') +
      scriptedWorker('synapse-generic', worker);
    assert.equal(messages(nameMismatch, tree).length, 1);
    const broken = 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: synapse-typing\nspec: [\n';
    assert.deepEqual(messages(nameMismatch, `${tree}#- /typing.yaml\n${broken}`), []);
  });
});

describe('synapse-instance-map', () => {
  it('asks nothing of a homeserver without workers', () => {
    assert.deepEqual(found(instanceMap, homeserver(listeners) + synapse('synapse-main')), []);
  });

  it('adds the whole map where there is none', () => {
    const tree = homeserver(listeners) + synapse('synapse-main') + scriptedWorker('synapse-generic', worker);
    assert.deepEqual(found(instanceMap, tree), ['error listeners']);
    const [text = ''] = Object.values(fixed(instanceMap, tree));
    assert.match(
      text,
      /^ {4}instance_map:\n {6}main:\n {8}host: synapse-main-0\.synapse-main\.matrix\.svc\.cluster\.local\n {8}port: 9093$/m,
    );
  });

  it('has each writer listed where its siblings are, whatever its process calls itself', () => {
    const writers = 'stream_writers:\n  events: [persister-0, persister-1]\n';
    const entry = (name: string): string => `  ${name}: {host: ${name}.persister.matrix.svc, port: 9093}\n`;
    const tree = (...names: readonly string[]): string =>
      homeserver(listeners, map + names.map(entry).join(''), writers) +
      synapse('synapse-main') +
      scriptedWorker('persister', worker.replace('${HOSTNAME}', 'event_${HOSTNAME}'), { replicas: 2 });
    const told = (...names: readonly string[]): readonly string[] =>
      found(instanceMap, tree(...names)).filter(one => one.includes('persister-'));
    assert.deepEqual(told('persister-0'), ['error persister-1']);
    assert.deepEqual(told('persister-0', 'persister-1'), []);
    assert.deepEqual(told(), [], 'both names may be wrong');
  });

  it('leaves old versions and files that are not in the tree alone', () => {
    const old = { image: 'matrixdotorg/synapse:v1.80.0' };
    assert.deepEqual(
      found(
        instanceMap,
        homeserver(listeners) + synapse('synapse-main', old) + scriptedWorker('synapse-generic', worker, old),
      ),
      [],
    );
    const unseen = { worker: true, paths: ['/config/homeserver.yaml', '/elsewhere/worker.yaml'] };
    assert.deepEqual(
      found(instanceMap, homeserver(listeners) + synapse('synapse-main') + synapse('synapse-generic', unseen)),
      [],
    );
  });

  it('finds hosts and ports where nobody answers', () => {
    const wrong = map.replace(/host: .*/, 'host: 127.0.0.1').replace('9093', '9999');
    const tree = homeserver(listeners, wrong) + synapse('synapse-main') + scriptedWorker('synapse-generic', worker);
    assert.deepEqual(found(instanceMap, tree), ['error 127.0.0.1', 'error 9999']);
    const [text = ''] = Object.values(fixed(instanceMap, tree));
    assert.ok(text.includes('host: synapse-main-0.synapse-main.matrix.svc.cluster.local\n        port: 9093'));
  });

  it('adds stream writers, and judges only entries that somebody connects to', () => {
    const writers = 'stream_writers:\n  events: [synapse-writer-1]\nfederation_sender_instances: [synapse-writer-0]';
    const yaml = `${worker}\nworker_listeners:\n  - type: http\n    port: 9093\n    resources:\n      - names: [replication]`;
    const tree =
      homeserver(listeners, map, writers) +
      synapse('synapse-main') +
      scriptedWorker('synapse-writer', yaml, { replicas: 2 });
    assert.deepEqual(found(instanceMap, tree), ['error synapse-writer-1']);
    const [text = ''] = Object.values(fixed(instanceMap, tree));
    assert.ok(
      text.includes(
        'synapse-writer-1:\n        host: synapse-writer-1.synapse-writer.matrix.svc.cluster.local\n        port: 9093',
      ),
    );
  });

  it('says when a stream writer has no replication listener', () => {
    const writers = 'stream_writers:\n  events: synapse-writer-0';
    const entry =
      '  synapse-writer-0:\n    host: synapse-writer-0.synapse-writer.matrix.svc.cluster.local\n    port: 9093';
    const tree =
      homeserver(listeners, `${map.trim()}\n${entry}`, writers) +
      synapse('synapse-main') +
      scriptedWorker('synapse-writer', worker);
    assert.deepEqual(
      messages(instanceMap, tree).map(text => text.slice(0, 62)),
      ['StatefulSet/synapse-writer has no listener with the resource r'],
    );
  });
});

describe('synapse-worker-name-mismatch', () => {
  const persisters = 'stream_writers:\n  events: [synapse-writer-0, synapse-writer-1]';
  const tree = (name: string, options: Parameters<typeof scriptedWorker>[2] = {}): string =>
    homeserver(persisters) +
    synapse('synapse-main') +
    scriptedWorker('synapse-writer', `worker_app: synapse.app.generic_worker\nworker_name: ${name}`, {
      replicas: 2,
      ...options,
    });

  it('accepts the pods’ names', () => {
    assert.deepEqual(found(nameMismatch, tree('${HOSTNAME}')), []);
    assert.deepEqual(found(nameMismatch, tree('"${HOSTNAME}"')), []);
  });

  it('accepts names of which a script makes up a part', () => {
    assert.deepEqual(found(nameMismatch, tree('synapse-writer-${HOSTNAME##*-}')), []);
    assert.deepEqual(found(nameMismatch, tree('synapse-writer-$(hostname | cut -d- -f3)')), []);
  });

  it('follows what sed makes of a token', () => {
    const replaced = (token: string, by: string): string =>
      tree(`${token}\nEOF\nsed -i "s|${token.replace('$', '\\\\$')}|${by}|" /worker/worker.yaml\ncat <<EOF`);
    assert.deepEqual(found(nameMismatch, replaced('WORKER_NAME_PLACEHOLDER', '${HOSTNAME}')), []);
    assert.deepEqual(found(nameMismatch, replaced('__NAME__', 'synapse-writer-${HOSTNAME##*-}')), []);
    // One finding for both names of the list.
    assert.deepEqual(found(nameMismatch, replaced('WORKER_NAME_PLACEHOLDER', 'writer-${HOSTNAME}')), [
      'error synapse-writer-0',
    ]);
    assert.deepEqual(found(nameMismatch, replaced('WORKER_NAME_PLACEHOLDER', '$(cat /etc/name)')), []);
  });

  it('counts replicas, those of a HorizontalPodAutoscaler too', () => {
    assert.deepEqual(found(nameMismatch, tree('${HOSTNAME}', { replicas: 1 })), ['error synapse-writer-1']);
    const scaler = `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: writer
  namespace: matrix
spec:
  maxReplicas: 3
  scaleTargetRef:
    kind: StatefulSet
    name: synapse-writer
`;
    assert.deepEqual(found(nameMismatch, tree('${HOSTNAME}', { replicas: 1 }) + scaler), []);
  });

  it('tells that a Deployment’s pods have names nobody knows', () => {
    const [message] = messages(nameMismatch, tree('${HOSTNAME}', { kind: 'Deployment' }));
    assert.match(message ?? '', /names that nobody knows beforehand — make it a StatefulSet/);
  });

  it('finds a name that several pods share, and that it has work', () => {
    const shared =
      homeserver('stream_writers:\n  events: writer') +
      synapse('synapse-main') +
      scriptedWorker('synapse-writer', 'worker_app: synapse.app.generic_worker\nworker_name: writer', { replicas: 2 });
    assert.deepEqual(found(nameMismatch, shared), ['error writer']);
    const idle =
      homeserver() +
      synapse('synapse-main') +
      scriptedWorker('synapse-writer', 'worker_app: synapse.app.generic_worker\nworker_name: writer', { replicas: 2 });
    assert.deepEqual(found(nameMismatch, idle), ['warning writer']);
    const nameless = (replicas: number): readonly string[] =>
      found(
        nameMismatch,
        homeserver() +
          synapse('synapse-main') +
          scriptedWorker('synapse-reader', 'worker_app: synapse.app.generic_worker', { replicas }),
      );
    assert.deepEqual(nameless(2), ['warning synapse.app.generic_worker']);
    assert.deepEqual(nameless(1), []);
  });

  it('knows that envsubst fills in the pod’s name', () => {
    const template = configMap('worker-template', {
      'worker.yaml': 'worker_app: synapse.app.generic_worker\nworker_name: ${HOSTNAME}',
    });
    const process = synapse('synapse-writer', {
      worker: true,
      replicas: 2,
      paths: ['/config/homeserver.yaml', '/worker/worker.yaml'],
      init: '- name: render\n  image: nginx:1.27\n  command: [sh, -c, "envsubst < /template/worker.yaml > /worker/worker.yaml"]\n  volumeMounts:\n    - {name: worker, mountPath: /worker}\n    - {name: template, mountPath: /template}',
      mounts: '- {name: worker, mountPath: /worker}',
      volumes: '- name: worker\n  emptyDir: {}\n- name: template\n  configMap: {name: worker-template}',
    });
    assert.deepEqual(found(nameMismatch, homeserver(persisters) + template + synapse('synapse-main') + process), []);
  });

  it('warns only, where the tree has no worker at all', () => {
    assert.deepEqual(found(nameMismatch, homeserver('run_background_tasks_on: background') + synapse('synapse-main')), [
      'warning background',
    ]);
  });

  it('reports each cause once and lists the other places', () => {
    const names = 'stream_writers:\n  typing: main\n  presence: synapse-main-0\nrun_background_tasks_on: synapse-main';
    const { findings } = check(homeserver(names) + synapse('synapse-main') + scriptedWorker('synapse-writer', worker), [
      nameMismatch,
    ]);
    assert.equal(findings.length, 1);
    assert.equal(findings[0]?.problem.related?.length, 2);
    const [text = ''] = Object.values(
      fixed(nameMismatch, homeserver(names) + synapse('synapse-main') + scriptedWorker('synapse-writer', worker)),
    );
    assert.equal(text.match(/: master$/gm)?.length, 3);
  });
});

describe('synapse-worker-legacy-replication', () => {
  const legacy =
    'worker_replication_host: synapse-main\nworker_replication_http_port: 9093\nworker_replication_http_tls: false';

  it('reports a shared homeserver.yaml once, however many workers read it', () => {
    const tree =
      homeserver(legacy) +
      synapse('synapse-main') +
      scriptedWorker('synapse-a', worker) +
      scriptedWorker('synapse-b', worker);
    assert.deepEqual(found(legacyReplication, tree), ['error worker_replication_host: synapse-main']);
    const [text = ''] = Object.values(fixed(legacyReplication, tree));
    assert.ok(!text.includes('worker_replication'));
    assert.ok(text.includes('    server_name: tessera.test\n---\n'));
  });

  it('accepts what has no effect', () => {
    assert.deepEqual(found(legacyReplication, homeserver(legacy) + synapse('synapse-main')), []);
    const off =
      homeserver('worker_replication_http_tls: false') + synapse('synapse-main') + scriptedWorker('synapse-a', worker);
    assert.deepEqual(found(legacyReplication, off), []);
    const old = { image: 'matrixdotorg/synapse:v1.87.0' };
    assert.deepEqual(
      found(
        legacyReplication,
        homeserver(legacy) + synapse('synapse-main', old) + scriptedWorker('synapse-a', worker, old),
      ),
      [],
    );
  });
});

describe('synapse-stream-writer-count', () => {
  it('allows several writers where Synapse does', () => {
    assert.deepEqual(
      found(
        streamWriterCount,
        homeserver('stream_writers:\n  events: [a, b]\n  receipts: [a, b]\n  device_lists: [a, b]\n  typing: [a]') +
          synapse('synapse-main'),
      ),
      [],
    );
  });

  it('finds streams without any writer', () => {
    assert.deepEqual(
      found(streamWriterCount, homeserver('stream_writers:\n  receipts: []\n  typing: []') + synapse('synapse-main')),
      ['error receipts', 'error typing'],
    );
  });

  it('keeps the first of a list in brackets', () => {
    const [text = ''] = Object.values(
      fixed(streamWriterCount, homeserver('stream_writers:\n  presence: [a, b] # two') + synapse('synapse-main')),
    );
    assert.ok(text.includes('presence: [a] # two\n'));
  });
});

describe('synapse-main-duty-duplicated', () => {
  const sender = (yaml = worker): string =>
    scriptedWorker('synapse-federation-sender', yaml, {
      replicas: 2,
      labels: 'app.kubernetes.io/component: federation-sender',
    });

  it('names the senders where nobody does', () => {
    const tree = homeserver('send_federation: false') + synapse('synapse-main') + sender();
    assert.deepEqual(found(dutyDuplicated, tree), ['warning false']);
    const [text = ''] = Object.values(fixed(dutyDuplicated, tree));
    assert.ok(
      text.includes(
        'federation_sender_instances:\n      - synapse-federation-sender-0\n      - synapse-federation-sender-1\n',
      ),
    );
  });

  it('accepts the older way', () => {
    const yaml = worker.replace('generic_worker', 'federation_sender');
    assert.deepEqual(
      found(dutyDuplicated, homeserver('send_federation: false') + synapse('synapse-main') + sender(yaml)),
      [],
    );
  });

  it('says that the older kind of worker stops while the main process has its duty', () => {
    const yaml = worker.replace('generic_worker', 'federation_sender');
    const severities = (config: string, own: string): readonly string[] =>
      check(homeserver(config) + synapse('synapse-main') + sender(own), [dutyDuplicated]).findings.map(
        ({ severity, problem }) => `${severity} ${/does not start/.test(problem.message)}`,
      );
    assert.deepEqual(severities('send_federation: true', yaml), ['error true']);
    assert.deepEqual(severities('report_stats: false', yaml), ['error true']);
    assert.deepEqual(severities('report_stats: false', worker), ['warning false']);
    assert.deepEqual(severities('federation_sender_instances: [synapse-federation-sender-0]', yaml), []);
  });

  it('lets an instance without senders switch federation off', () => {
    assert.deepEqual(
      found(
        dutyDuplicated,
        homeserver('send_federation: false') + synapse('synapse-main') + scriptedWorker('synapse-a', worker),
      ),
      [],
    );
  });

  const federating = 'listeners:\n  - {port: 8008, type: http, resources: [{names: [client, federation]}]}';

  it('says that nobody sends where all processes are there and none is named', () => {
    const others = synapse('synapse-main') + scriptedWorker('synapse-a', worker, { replicas: 2 });
    const of = (...parts: readonly string[]): readonly string[] =>
      messages(dutyDuplicated, homeserver(federating, ...parts) + others).map(one => one.replace(/:.*/, ''));
    assert.deepEqual(of('send_federation: false'), ['Nobody sends federation traffic']);
    assert.deepEqual(of('federation_sender_instances: []'), ['Nobody sends federation traffic']);
    assert.deepEqual(of('start_pushers: false'), ['Nobody sends push notifications']);
    assert.deepEqual(of('pusher_instances: []'), ['Nobody sends push notifications']);
    assert.deepEqual(of('update_user_directory: false'), ['Nobody keeps the user directory up to date']);
    assert.deepEqual(of('notify_appservices: false', 'app_service_config_files: [/bridge.yaml]'), [
      'Nobody tells application services of anything',
    ]);
    for (const fine of [
      'notify_appservices: false',
      'send_federation: false\nfederation_domain_whitelist: []',
      'send_federation: false\nfederation_sender_instances: [synapse-a-0]',
      'start_pushers: false\npusher_instances: synapse-a-1',
      'pusher_instances:',
      'start_pushers: "false"',
      'update_user_directory: true',
    ])
      assert.deepEqual(of(fine), [], fine);
    // A name that nobody in the tree has: some workers are elsewhere, perhaps of the older kind.
    for (const elsewhere of ['stream_writers:\n  typing: typing-1', 'instance_map:\n  typing-1: {host: a, port: 9093}'])
      assert.deepEqual(of('start_pushers: false', 'send_federation: false', elsewhere), []);
  });

  it('expects workers elsewhere where Redis is there for them', () => {
    const of = (...parts: readonly string[]): number =>
      messages(dutyDuplicated, homeserver(federating, ...parts) + synapse('synapse-main')).length;
    assert.equal(of('start_pushers: false'), 1);
    assert.equal(of('start_pushers: false', 'redis: {enabled: true, host: redis}'), 0);
  });

  it('knows the older kinds of other workers, and what they refuse', () => {
    const of = (app: string, ...parts: readonly string[]): readonly string[] =>
      messages(
        dutyDuplicated,
        homeserver(...parts) +
          synapse('synapse-main') +
          scriptedWorker('synapse-a', worker.replace('generic_worker', app)),
      );
    for (const app of ['pusher', 'appservice', 'user_dir']) {
      const [message = ''] = of(app);
      assert.match(message, /^StatefulSet\/synapse-a does not start/);
    }
    assert.deepEqual(of('pusher', 'start_pushers: false'), []);
    assert.deepEqual(of('user_dir', 'update_user_directory: false'), []);
    assert.deepEqual(
      of('user_dir', 'update_user_directory: false', 'update_user_directory_from_worker: synapse-a-0'),
      [],
    );
    const both = ['update_user_directory: false', 'update_user_directory_from_worker: synapse-a-0'];
    const [conflict = ''] = of('generic_worker', ...both);
    assert.match(conflict, /^synapse-a-0 does not start/);
    const [text = ''] = Object.values(
      fixed(dutyDuplicated, homeserver(...both) + synapse('synapse-main') + scriptedWorker('synapse-a', worker)),
    );
    assert.ok(!text.includes('update_user_directory: false') && text.includes('update_user_directory_from_worker'));
  });

  it('names pushers that idle', () => {
    const tree = homeserver(federating) + synapse('synapse-main') + scriptedWorker('synapse-pusher', worker);
    assert.match(messages(dutyDuplicated, tree)[0] ?? '', /^The main process sends all push notifications/);
    const [text = ''] = Object.values(fixed(dutyDuplicated, tree));
    assert.ok(text.includes('pusher_instances:\n      - synapse-pusher-0\n'));
  });

  it('does not take the media repository from workers that read the shared file only', () => {
    const media = `${worker}\nworker_listeners:\n  - {type: http, port: 8008, resources: [{names: [media]}]}`;
    const tree =
      homeserver('enable_media_repo: true') + synapse('synapse-main') + scriptedWorker('synapse-media', media);
    const { findings } = check(tree, [dutyDuplicated]);
    assert.equal(findings.length, 1);
    assert.deepEqual(findings[0]?.problem.fixes?.(), []);
  });
});
