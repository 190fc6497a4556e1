import assert from 'node:assert/strict';
import rule from '../../../rules/synapse/upload-size-refused';
import { fixTitles, messages } from '../expect';

const { bad } = rule.examples;
const annotation = 'nginx.ingress.kubernetes.io/proxy-body-size: 10m';

describe('upload-size-refused', () => {
  const found = (source: string): readonly string[] => messages(rule, source).map(one => one.replace(/, so.*/, ''));
  const unsized = bad.replace(annotation, 'nginx.ingress.kubernetes.io/proxy-read-timeout: "300"');

  it('knows the defaults of both sides', () => {
    assert.deepEqual(found(unsized), [
      'warning: Ingress matrix lets requests of up to 1m, the default, through, but Synapse takes uploads of up to 100M',
    ]);
    assert.deepEqual(fixTitles(rule, unsized), ['Set proxy-body-size to 100m']);
    assert.equal(found(bad.replace('max_upload_size: 100M', 'report_stats: false')).length, 1);
    const equal = bad
      .replace('max_upload_size: 100M', 'report_stats: false')
      .replace(annotation, annotation.replace('10m', '50m'));
    assert.deepEqual(found(equal), []);
    assert.deepEqual(found(bad.replace(': 10m', ': "0"')), []);
  });

  it('leaves the default alone where the tree sets a size for all', () => {
    const values = '\n      #- /values.yaml\n      controller:\n        config:\n          proxy-body-size: 500m\n';
    assert.deepEqual(found(unsized + values), []);
    assert.equal(found(bad + values).length, 1);
  });

  it('looks at the route that takes uploads', () => {
    assert.deepEqual(found(bad.replace('path: /\n', 'path: /_matrix/federation\n')), []);
    const media = bad
      .slice(bad.lastIndexOf('apiVersion: networking'))
      .replace('name: matrix\n', 'name: media\n')
      .replace(/: 10m.*\n.*\n/, ': 100m\n')
      .replace('path: /\n', 'path: /_matrix/media\n');
    assert.deepEqual(found(`${bad}\n      ---\n      ${media}`), []);
  });

  it('leaves processes without media and other controllers alone', () => {
    assert.deepEqual(found(bad.replace('max_upload_size: 100M', 'enable_media_repo: false')), []);
    assert.deepEqual(found(bad.replace('ingressClassName: nginx', 'ingressClassName: traefik')), []);
    assert.equal(found(bad.replace('        ingressClassName: nginx\n', '')).length, 1);
    const plain = bad.replace(annotation, 'example.test/a: b').replace('        ingressClassName: nginx\n', '');
    assert.deepEqual(found(plain), []);
  });

  const nginx = (server: string): string => `${bad.replace(': 10m', ': 100m')}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: proxy, namespace: matrix}
      data:
        default.conf: |
          server {
            listen 80;
            ${server}
          }
`;
  const pass = 'location / { proxy_pass http://synapse:8008; }';

  it('reads configurations of nginx', () => {
    assert.deepEqual(found(nginx(pass)), [
      'warning: nginx lets requests of up to 1m, the default, through, but Synapse takes uploads of up to 100M',
    ]);
    assert.equal(found(nginx(`client_max_body_size 20m; ${pass}`)).length, 1);
    assert.deepEqual(found(nginx(`client_max_body_size 100m; ${pass}`)), []);
    assert.deepEqual(found(nginx(`client_max_body_size 0; ${pass}`)), []);
    const media = 'location ~ ^/_matrix/media { client_max_body_size 200M; proxy_pass http://synapse:8008; }';
    assert.deepEqual(found(nginx(`${pass} ${media}`)), []);
    assert.deepEqual(found(nginx('location / { proxy_pass http://element; }')), []);
    assert.equal(found(nginx('set $to http://synapse:8008; location / { proxy_pass $to; }')).length, 1);
    const included = nginx('location / { include conf.d/proxy.inc; proxy_pass http://synapse:8008; }');
    assert.deepEqual(found(included), []);
    assert.equal(found(`${included}        proxy.inc: |\n          client_max_body_size 20m;\n`).length, 1);
    assert.deepEqual(found(`${included}        proxy.inc: |\n          client_max_body_size 100m;\n`), []);
  });
});
