import assert from 'node:assert/strict';
import rule from '../../../rules/haproxy/haproxy-media-unrouted';
import { fixed, fixTitles, messages } from '../expect';

const { bad, good } = rule.examples;

describe('haproxy-media-unrouted', () => {
  it('asks older versions of Synapse for the old path only', () => {
    assert.equal(messages(rule, bad).length, 1);
    assert.deepEqual(messages(rule, bad.replaceAll('v1.139.2', 'v1.111.0')), []);
    assert.deepEqual(messages(rule, good.replaceAll('path_beg /_matrix/media/', 'path_beg /nothing/')).length, 1);
  });

  it('says for each line which paths it takes', () => {
    const without = bad.replace('use_backend media if is_media', '# nothing for media');
    assert.deepEqual(
      messages(rule, without).map(message => message.replace(/ go to backend .*/, '')),
      ['error: Requests for /_matrix/client/v1/media/', 'error: Requests for /_matrix/media/'],
    );
    const [message, ...others] = messages(rule, without.replace('/_matrix/client/\n', '/_matrix/client/ /_matrix/\n'));
    assert.match(
      message ?? '',
      /Requests for \/_matrix\/media\/ and \/_matrix\/client\/v1\/media\/ go .* send these paths/,
    );
    assert.deepEqual(others, []);
  });

  it('sends them to the media repository before the rule that takes them, if there is one', () => {
    assert.deepEqual(fixTitles(rule, bad), ['safe: Send /_matrix/client/v1/media/ to backend media']);
    const files = fixed(rule, bad.replace('use_backend media if is_media', '# nothing for media'));
    const lines = (files['haproxy.yaml'] ?? '').split('\n').map(line => line.trim());
    const client = lines.indexOf('use_backend media if { path_beg /_matrix/client/v1/media/ }');
    assert.equal(lines[client + 1], 'use_backend main if is_client');
    const old = lines.indexOf('use_backend media if { path_beg /_matrix/media/ }');
    assert.equal(lines[old + 1], 'default_backend main');
    assert.deepEqual(fixTitles(rule, bad.replace('enable_media_repo: true', 'enable_media_repo: false')), []);
  });

  it('has nothing to say where the main process keeps the media repository, or a header decides', () => {
    assert.deepEqual(messages(rule, bad.replace('enable_media_repo: false', 'enable_media_repo: true')), []);
    assert.deepEqual(
      messages(rule, bad.replace('use_backend main if is_client', 'use_backend %[req.hdr(host),lower]')),
      [],
    );
  });

  it('judges a frontend for servers by their own path', () => {
    const federation = bad
      .replace('acl is_client path_beg /_matrix/client/\n            use_backend main if is_client', '')
      .replace(/^.*\^\^\^.*\n/m, '')
      .replace('path_beg /_matrix/media/', 'path_beg /_matrix/federation/v1/nothing/');
    assert.notEqual(federation, bad);
    assert.match(messages(rule, federation).join(), /\/_matrix\/federation\/v1\/media\/ go to backend main/);
    assert.deepEqual(messages(rule, federation.replace('v1/nothing/', 'v1/media/')), []);
  });

  it('follows a path through a map, also by way of a variable', () => {
    const withMap = (use: string, lines: readonly string[]): string =>
      bad
        .replace(/^.*\^\^\^.*\n/m, '')
        .replace(/acl is_media[\s\S]*use_backend main if is_client/, use)
        .replace('haproxy.cfg: |', `workers.map: |\n          ${lines.join('\n          ')}\n        haproxy.cfg: |`);
    const file = '/usr/local/etc/haproxy/workers.map';
    const ways = {
      map_reg: `use_backend %[path,map_reg(${file},main)]`,
      map_beg: `use_backend %[path,lower,map_beg(${file})]`,
      variable: `http-request set-var(txn.backend) path,map_beg(${file},main)\n            use_backend %[var(txn.backend)]`,
    };
    for (const [name, use] of Object.entries(ways)) {
      const start = name === 'map_reg' ? '^' : '';
      const client = `${start}/_matrix/client/ main`;
      const media = [`${start}/_matrix/client/v1/media/ media`, `${start}/_matrix/media/ media`];
      assert.deepEqual(messages(rule, withMap(use, [...media, client])), [], name);
      assert.match(
        messages(rule, withMap(use, [client, ...media.slice(1)])).join('\n'),
        /^error: Requests for \/_matrix\/client\/v1\/media\/ go to backend main/,
        name,
      );
    }
    // The first line that matches decides in a list of expressions, the longest among prefixes.
    const [media = '', old = ''] = ['^/_matrix/client/v1/media/ media', '^/_matrix/media/ media'];
    assert.equal(messages(rule, withMap(ways.map_reg, ['^/_matrix/client/ main', media, old])).length, 1);
    const prefixes = ['/_matrix/client/ main', '/_matrix/client/v1/media/ media', '/_matrix/media/ media'];
    assert.deepEqual(messages(rule, withMap(ways.map_beg, prefixes)), []);
    // A variable that is set in another way too may name any backend.
    const open = ways.variable.replace(
      'http-request',
      'http-request set-var(txn.backend) str(media) if TRUE\n            http-request',
    );
    assert.deepEqual(messages(rule, withMap(open, ['/_matrix/client/ main'])), []);
  });
});
