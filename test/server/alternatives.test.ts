import assert from 'node:assert/strict';
import { readMarked } from '../analysis/occurrences/marked';
import { type Client, startClient } from './client';

const deployment = (directory: string, key: string): string => `
  #- ${directory}/cache.yaml
  apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: cache, namespace: matrix}
  spec:
    selector: {matchLabels: {app: cache}}
    template:
      metadata: {labels: {app: cache}}
      spec:
        containers:
          - name: cache
            image: registry.test/cache:1
            env:
              - name: PASSWORD
                valueFrom: {secretKeyRef: {name: keys, key: password}}
  #- ${directory}/keys.yaml
  apiVersion: v1
  kind: Secret
  metadata: {name: keys, namespace: matrix}
  stringData: {${key}: "Ni7aiquahR4aelai2Wee"}
`;

describe('a folder of alternatives', function () {
  this.timeout(30_000);
  let client: Client;
  let files: ReadonlyMap<string, string>;

  before(async () => {
    files = readMarked(
      `${deployment('production', 'password')}${deployment('staging', 'pass')}\n  #- x.md\n  $0`,
    ).files;
    client = await startClient(files);
    await client.ready();
  });
  after(() => client.stop());

  const codes = async (path: string): Promise<readonly string[]> =>
    (await client.pull(path)).map(({ code }) => String(code)).filter(code => /^(?:reference|duplicate)-/.test(code));

  it('shows in each what is wrong with it, before and after an edit', async () => {
    assert.deepEqual(await codes('production/cache.yaml'), []);
    assert.deepEqual(await codes('staging/cache.yaml'), ['reference-missing-secret-key']);
    const text = files.get('staging/keys.yaml') ?? '';
    const line = text.split('\n').findIndex(one => one.includes('pass:'));
    const from = text.split('\n')[line]?.indexOf('pass:') ?? -1;
    assert.ok(from > 0);
    client.open('staging/keys.yaml', text);
    client.edit('staging/keys.yaml', 2, { line, from, to: from + 'pass'.length }, 'password');
    assert.deepEqual(await codes('staging/cache.yaml'), []);
    // A second object of the name beside the first one collides with it.
    client.open('production/again.yaml', files.get('production/keys.yaml') ?? '');
    assert.deepEqual(await codes('production/keys.yaml'), ['duplicate-resource']);
    assert.deepEqual(await codes('staging/keys.yaml'), []);
  });
});
