import assert from 'node:assert/strict';
import rule from '../../../rules/haproxy/haproxy-media-unrouted';
import { messages } from '../expect';

const { bad, good } = rule.examples;

describe('haproxy-media-unrouted', () => {
  it('asks older versions of Synapse for the old path only', () => {
    assert.equal(messages(rule, bad).length, 1);
    assert.deepEqual(messages(rule, bad.replaceAll('v1.139.2', 'v1.111.0')), []);
    assert.deepEqual(messages(rule, good.replaceAll('path_beg /_matrix/media/ ', 'path_beg ')).length, 1);
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
});
