import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '../../../deploy/kubectl/environment';
import { classifyError, isTransient, withoutLogLines } from '../../../deploy/kubectl/errors';
import { createKubectl, isObjectName } from '../../../deploy/kubectl/kubectl';
import { KubectlRefused, kubeconfigsInside, locateKubectl } from '../../../deploy/kubectl/locate';
import { applyArguments, commandText } from '../../../deploy/plan/commands';

describe('kubectl', () => {
  let directory: string;
  beforeEach(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'preflight-kubectl-')));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function program(path: string, script: string): string {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  describe('is looked for', () => {
    it('in PATH, never in the workspace and never in a relative directory', () => {
      const workspace = join(directory, 'workspace');
      program(join(workspace, 'bin/kubectl'), 'exit 0');
      const good = program(join(directory, 'usr/kubectl'), 'exit 0');
      const PATH = ['bin', '.', join(workspace, 'bin'), join(directory, 'usr')].join(':');
      assert.equal(locateKubectl(undefined, { PATH }, [workspace]), good);
      assert.throws(
        () => locateKubectl(undefined, { PATH: `bin:${join(workspace, 'bin')}` }, [workspace]),
        /not found/,
      );
    });

    it('where the user says, unless that is relative, a script, in the workspace or no program', () => {
      const workspace = join(directory, 'workspace');
      const inside = program(join(workspace, 'kubectl'), 'exit 0');
      symlinkSync(workspace, join(directory, 'link'));
      const refuse = (path: string, why: RegExp) =>
        assert.throws(
          () => locateKubectl(path, {}, [workspace]),
          (error: unknown) => error instanceof KubectlRefused && why.test(error.message),
        );
      refuse('kubectl', /must be absolute/);
      refuse('/usr/bin/kubectl.cmd', /is a script/);
      refuse(inside, /lies in the workspace/);
      refuse(join(directory, 'link/kubectl'), /lies in the workspace/);
      refuse(join(directory, 'nothing'), /not a program/);
      const good = program(join(directory, 'my-kubectl'), 'exit 0');
      assert.equal(locateKubectl(good, {}, [workspace]), good);
    });

    it('with kubeconfigs of the workspace reported', () => {
      const inside = join(directory, 'kubeconfig');
      assert.deepEqual(kubeconfigsInside({ KUBECONFIG: `/home/me/.kube/config:${inside}` }, [directory]), [inside]);
      assert.deepEqual(kubeconfigsInside({}, [directory]), []);
    });
  });

  describe('is started', () => {
    const open = (script: string) =>
      createKubectl({
        path: program(join(directory, 'kubectl'), script),
        context: 'test',
        environment: { PATH: '/bin:/usr/bin', MARK: 'a b' },
        directory,
      });

    it('with its arguments as they are, its own environment and directory, and an explicit context', async () => {
      const kubectl = open('printf "%s|" "$@"; printf "%s" "$MARK,$HOME,$PWD,"; cat');
      const result = await kubectl({ args: ['get', '$(touch x)', ';', 'a b'], input: 'text on stdin' });
      assert.equal(
        result.stdout,
        `--context=test|--request-timeout=30s|get|$(touch x)|;|a b|a b,,${directory},text on stdin`,
      );
      assert.equal(result.code, 0);
    });

    it('and reports its exit code and both outputs', async () => {
      const result = await open('echo out; echo err >&2; exit 7')({ args: [] });
      assert.deepEqual(result, { code: 7, stdout: 'out\n', stderr: 'err\n', interrupted: false });
    });

    it('and is ended at its time limit, or when told to', async () => {
      const late = await open('exec sleep 5')({ args: [], timeoutMilliseconds: 50 });
      assert.deepEqual([late.code, late.interrupted], [undefined, true]);
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const told = await open('exec sleep 5')({ args: [], signal: controller.signal });
      assert.equal(told.interrupted, true);
      const never = await open('exit 0')({ args: [], signal: AbortSignal.abort() });
      assert.deepEqual([never.code, never.interrupted], [undefined, true]);
    });

    it('and never rejects, not even if it cannot be started or does not read its input', async () => {
      rmSync(join(directory, 'kubectl'), { force: true });
      const missing = createKubectl({ path: join(directory, 'missing'), context: 'test', environment: {}, directory });
      const result = await missing({ args: [] });
      assert.equal(result.code, undefined);
      assert.match(result.stderr, /ENOENT/);
      assert.equal((await open('exec <&-; exit 3')({ args: [], input: 'x'.repeat(1_000_000) })).code, 3);
    });

    it('only with a plain context and an absolute path', () => {
      const options = { path: '/usr/bin/kubectl', context: 'test', environment: {}, directory };
      assert.throws(() => createKubectl({ ...options, path: 'kubectl' }), RangeError);
      for (const context of ['-x', '', '--kubeconfig=x', 'a\nb', 'a b'])
        assert.throws(() => createKubectl({ ...options, context }), RangeError);
      assert.ok(createKubectl({ ...options, context: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod' }));
    });
  });

  it('gets an environment in which nothing can change what it does', () => {
    const child = childEnvironment({
      HOME: '/home/me',
      KUBECONFIG: '/home/me/.kube/config',
      AWS_PROFILE: 'x',
      HTTPS_PROXY: 'http://proxy',
      KUBECTL_EXTERNAL_DIFF: 'rm -rf',
      KUBE_EDITOR: 'evil',
      EDITOR: 'evil',
      LD_PRELOAD: 'evil.so',
      NODE_OPTIONS: '--require evil',
      KUBERC: 'on',
      GITHUB_TOKEN: 'secret',
    });
    assert.deepEqual(Object.keys(child).sort(), [
      'AWS_PROFILE',
      'HOME',
      'HTTPS_PROXY',
      'KUBECONFIG',
      'KUBECTL_KUBERC',
      'KUBECTL_REMOTE_COMMAND_WEBSOCKETS',
      'KUBERC',
    ]);
    assert.deepEqual([child.KUBERC, child.KUBECTL_KUBERC], ['off', 'false']);
  });

  it('is given names that cannot be options', () => {
    for (const name of ['redis-0', 'a', 'system:metrics', 'a.b']) assert.ok(isObjectName(name), name);
    for (const name of ['-n', '', 'A', 'a/b', 'a b', '--all', 'a-', 'x'.repeat(254)])
      assert.ok(!isObjectName(name), name);
  });

  it('says what went wrong in words that are classified', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['Error in configuration: context was not found for specified context: x', 'configuration'],
      ['error: You must be logged in to the server (Unauthorized)', 'unauthorized'],
      [
        'Error from server (Conflict): Apply failed with 1 conflict: conflict with "helm" using v1: .data.a',
        'conflict',
      ],
      ['Error from server (NotFound): namespaces "matrix" not found', 'namespace-missing'],
      [
        'error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Cluster" in version "postgresql.cnpg.io/v1"\nensure CRDs are installed first',
        'kind-missing',
      ],
      [
        'The Job "x" is invalid: spec.template: Invalid value: core.PodTemplateSpec{…}: field is immutable',
        'immutable',
      ],
      [
        'The StatefulSet "x" is invalid: spec: Forbidden: updates to statefulset spec for fields other than \'replicas\' are forbidden',
        'immutable',
      ],
      [
        'Error from server (InternalError): Internal error occurred: failed calling webhook "x": connection refused',
        'transient',
      ],
      ['Error from server (TooManyRequests): try again', 'transient'],
      ['Unable to connect to the server: context deadline exceeded', 'transient'],
      ['error: Patch "http://x": EOF', 'transient'],
      ['The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?', 'unreachable'],
      [
        'Error from server (Forbidden): secrets "s" is forbidden: User "u" cannot patch resource "secrets"',
        'forbidden',
      ],
      ['Error from server (BadRequest): illegal base64 data at input byte 3', 'invalid'],
      ['Error from server (NotFound): pods "x" not found', 'not-found'],
      ['something new', 'other'],
    ];
    for (const [message, expected] of cases) assert.equal(classifyError(message), expected, message);
    assert.deepEqual(
      ['transient', 'unreachable'].map(name => isTransient(name as 'transient')),
      [true, true],
    );
    assert.equal(isTransient('forbidden'), false);
  });

  it('writes log lines before its message, which are dropped', () => {
    const noise =
      'E1122 10:00:00.000000   12345 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"';
    assert.equal(withoutLogLines(`${noise}\n${noise}\nThe connection was refused\n`), 'The connection was refused');
  });

  it('is shown as text that a shell would read the same way', () => {
    assert.equal(commandText('kubectl', ['a', "it's", '']), `kubectl a 'it'\\''s' ''`);
    assert.equal(
      commandText('kubectl', applyArguments('matrix')),
      'kubectl apply --server-side --field-manager=matrix-preflight --namespace=matrix --filename=-',
    );
  });
});
