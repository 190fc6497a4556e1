import assert from 'node:assert/strict';
import rule from '../../../rules/synapse/synapse-worker-app-unknown';
import { check } from '../../fixture';
import { configMap, scriptedWorker, synapse } from './tree';

const homeserver = { 'homeserver.yaml': 'server_name: tessera.test' };

function messages(tree: string): readonly string[] {
  return check(tree, [rule]).findings.map(({ problem }) => problem.message);
}

describe('synapse-worker-app-unknown', () => {
  const config = configMap('synapse-config', homeserver) + synapse('synapse-main');
  const worker = (app: string): string =>
    config + scriptedWorker('synapse-one', `worker_app: ${app}\nworker_name: one`);

  it('knows every name that Synapse takes', () => {
    for (const name of ['generic_worker', 'media_repository', 'federation_sender', 'user_dir', 'pusher'])
      assert.deepEqual(messages(worker(`synapse.app.${name}`)), []);
    assert.match(
      messages(worker('synapse.app.media_repositry'))[0] ?? '',
      /did you mean synapse\.app\.media_repository\?/,
    );
    assert.match(messages(worker('generic_worker'))[0] ?? '', /did you mean synapse\.app\.generic_worker\?/);
    assert.match(messages(worker('synapse.app.sync'))[0] ?? '', /write synapse\.app\.generic_worker\.$/);
  });

  it('does not judge what a script fills in, nor programs of others', () => {
    assert.deepEqual(messages(worker('${WORKER_APP}')), []);
    assert.deepEqual(messages(worker('WORKER_APP_PLACEHOLDER')), []);
    const own = worker('tessera.app.presence');
    assert.equal(messages(own).length, 1);
    assert.deepEqual(messages(own.replaceAll('synapse.app.generic_worker', 'tessera.app.presence')), []);
  });

  it('reports a file that several workers read once', () => {
    const shared =
      configMap('synapse-config', { ...homeserver, 'worker.yaml': 'worker_app: synapse.app.generic' }) +
      synapse('synapse-main') +
      synapse('synapse-a', { worker: true }) +
      synapse('synapse-b', { worker: true });
    assert.equal(messages(shared).length, 1);
  });
});
