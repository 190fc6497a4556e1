import assert from 'node:assert/strict';
import { jsonProblems } from '../../../analysis/text/json';
import invalid from '../../../rules/element/element-config-invalid';
import notMounted from '../../../rules/element/element-config-not-mounted';
import mismatch from '../../../rules/element/element-homeserver-mismatch';
import { fixed } from '../expect';
import { configMap, found, indented, synapse } from '../synapse/tree';

const single = '- {name: config, mountPath: /app/config.json, subPath: config.json}';

function element(
  config: string,
  options: { mounts?: string; image?: string; labels?: string; name?: string } = {},
): string {
  const {
    mounts = single,
    image = 'vectorim/element-web:v1.11.96',
    labels = 'app: element',
    name = 'element-web',
  } = options;
  return `${configMap(`${name}-config`, { 'config.json': config })}---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: matrix
spec:
  template:
    metadata:
      labels:
        ${labels}
    spec:
      containers:
        - name: element
          image: ${image}
          volumeMounts:
${indented(mounts, 12)}
      volumes:
        - name: config
          configMap:
            name: ${name}-config
`;
}

const server = (url: string, name = 'tessera.test'): string =>
  `{"default_server_config": {"m.homeserver": {"base_url": "${url}", "server_name": "${name}"}}}`;
const main = (text = 'server_name: tessera.test\npublic_baseurl: https://matrix.tessera.test/'): string =>
  configMap('synapse-config', { 'homeserver.yaml': text }) + synapse('synapse-main');

describe('element-config-not-mounted', () => {
  it('finds a configuration that is mounted elsewhere, and mounts it', () => {
    const elsewhere = element('{}', { mounts: '- {name: config, mountPath: /etc/element}' });
    assert.deepEqual(found(notMounted, elsewhere), ['error volumeMounts']);
    const [text = ''] = Object.values(
      fixed(
        notMounted,
        elsewhere.replace(
          '- {name: config, mountPath: /etc/element}',
          '- name: config\n              mountPath: /etc/element',
        ),
      ),
    );
    assert.ok(
      text.includes(
        '            - name: config\n              mountPath: /app/config.json\n              subPath: config.json\n',
      ),
    );
  });

  it('accepts the link to the folder, other images, and ConfigMaps from elsewhere', () => {
    assert.deepEqual(
      found(
        notMounted,
        element('{}', {
          mounts: '- {name: config, mountPath: /usr/share/nginx/html/config.json, subPath: config.json}',
        }),
      ),
      [],
    );
    assert.deepEqual(
      found(
        notMounted,
        element('{}', { image: 'registry.tessera.test/element-web:1', mounts: '- {name: config, mountPath: /etc/x}' }),
      ),
      [],
    );
    assert.deepEqual(found(notMounted, element('{}').replace(/^---[\s\S]*?(?=---)/, '')), []);
  });
});

describe('element-config-invalid', () => {
  it('takes exactly what browsers take', () => {
    assert.deepEqual(found(invalid, element('{"a": 1}')), []);
    assert.deepEqual(found(invalid, element('{"a": 1, // one\n"b": 2}')), ['error // one']);
    assert.deepEqual(found(invalid, element("{'a': 1}")).length, 1);
    assert.deepEqual(found(invalid, element('{"a": [1,\n2,\n]}')), ['error ,']);
    for (const text of ['{}', '[1, "x", null, true, -1.5e3]', ' {"a": {"b": []}} ']) {
      assert.deepEqual(jsonProblems(text), [], text);
      JSON.parse(text);
    }
    for (const text of ['{a: 1}', '{"a": 01}', '{"a": "\t"}', '{"a": 1} x', '', '{"a": tru}', '["\\x"]', '[1,,2]']) {
      assert.notEqual(jsonProblems(text).length, 0, text);
      assert.throws(() => JSON.parse(text));
    }
  });
});

describe('the servers of Element Web', () => {
  it('have their names', () => {
    const servers = (name: string): string =>
      element(`{"default_server_config": {"${name}": {"base_url": "https://matrix.tessera.test"}}}`);
    assert.deepEqual(found(invalid, servers('m.homserver')), ['error "m.homserver"']);
    for (const name of ['m.homeserver', 'm.identity_server', 'org.matrix.msc3575.proxy'])
      assert.deepEqual(found(invalid, servers(name)), []);
  });
});

describe('the file of Element Web', () => {
  it('is no folder, is written by somebody, and may be that of one host name', () => {
    assert.deepEqual(found(notMounted, element('{}', { mounts: '- {name: config, mountPath: /app/config.json}' })), [
      'error /app/config.json',
    ]);
    const empty = element('{}').replace(/configMap:\n {12}name: element-web-config/, 'emptyDir: {}');
    assert.notEqual(empty, element('{}'));
    assert.deepEqual(found(notMounted, empty), ['error config']);
    const mounts = '- {name: config, mountPath: /app/config.chat.tessera.test.json, subPath: config.json}';
    assert.deepEqual(found(notMounted, element('{}', { mounts })), []);
  });

  it('holds an object', () => {
    assert.deepEqual(found(invalid, element('["a"]')), ['error ["a"]']);
    assert.deepEqual(found(invalid, element('{}')), []);
  });
});

describe('element-homeserver-mismatch', () => {
  it('finds an address without a scheme, and one that is empty', () => {
    assert.deepEqual(found(mismatch, element(server('matrix.tessera.test')) + main()), ['error "matrix.tessera.test"']);
    assert.deepEqual(found(mismatch, element(server('')) + main()), ['error ""']);
  });

  it('compares hosts, not spellings', () => {
    assert.deepEqual(found(mismatch, element(server('https://matrix.tessera.test')) + main()), []);
    assert.deepEqual(found(mismatch, element(server('https://Matrix.tessera.test:443/')) + main()), []);
    assert.deepEqual(found(mismatch, element(server('http://matrix.tessera.test')) + main()), [
      'warning "http://matrix.tessera.test"',
    ]);
    assert.deepEqual(found(mismatch, element(server('https://matrix.tessera.test:8448')) + main()), [
      'error "https://matrix.tessera.test:8448"',
    ]);
    assert.deepEqual(found(mismatch, element(server('https://matrix.tessera.test', 'other.test')) + main()), [
      'warning "other.test"',
    ]);
  });

  it('takes Synapse’s default address where none is written', () => {
    assert.deepEqual(found(mismatch, element(server('https://tessera.test')) + main('server_name: tessera.test')), []);
    assert.deepEqual(
      found(mismatch, element(server('https://matrix.tessera.test')) + main('server_name: tessera.test')).length,
      1,
    );
    assert.deepEqual(found(mismatch, element(server('https://matrix.tessera.test'))), []);
  });

  it('knows the older and the shorter way', () => {
    assert.deepEqual(found(mismatch, element('{"default_hs_url": "https://matrix.tessera.test"}') + main()), []);
    assert.deepEqual(found(mismatch, element('{"default_hs_url": "https://other.test"}') + main()), [
      'error "https://other.test"',
    ]);
    assert.deepEqual(found(mismatch, element('{"default_server_name": "tessera.test"}') + main()), []);
    assert.deepEqual(found(mismatch, element('{"default_server_name": "other.test"}') + main()), [
      'error "other.test"',
    ]);
    assert.deepEqual(found(mismatch, element('{"brand": "x"}') + main()), ['error "brand"']);
  });

  it('compares the LI page with the LI instance', () => {
    const li =
      configMap('synapse-li-config', {
        'homeserver.yaml': 'server_name: tessera.test\npublic_baseurl: https://li.tessera.test/',
      }) + synapse('synapse-li', { labels: 'matrix.instance: li', config: 'synapse-li-config' });
    const page = (url: string): string =>
      element(server(url), { labels: 'matrix.instance: li', name: 'element-web-li' });
    assert.deepEqual(found(mismatch, page('https://li.tessera.test') + main() + li), []);
    assert.deepEqual(found(mismatch, page('https://matrix.tessera.test') + main() + li), [
      'error "https://matrix.tessera.test"',
    ]);
  });

  it('puts no placeholder into the page', () => {
    const tree =
      element(server('https://chat.acme.test', 'example.com')) +
      main('server_name: example.com\npublic_baseurl: https://matrix.example.com/');
    assert.deepEqual(fixed(mismatch, tree), Object.fromEntries([['main.yaml', tree.replace(/\n*$/, '\n')]]));
  });
});
