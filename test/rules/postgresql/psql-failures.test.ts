import assert from 'node:assert/strict';
import psqlFailureHidden from '../../../rules/postgresql/psql-failure-hidden';
import { applyFix, messages } from '../expect';

function job(script: string, shell = 'sh, -c', kind = 'Job'): string {
  const lines = script.split('\n').map(line => `              ${line}`);
  const template =
    kind === 'Job' ? `  template:\n    spec:\n      containers:\n` : `  template:\n    spec:\n      initContainers:\n`;
  const command = shell
    .split(', ')
    .map(word => `            - ${word}\n`)
    .join('');
  return `apiVersion: ${kind === 'Job' ? 'batch/v1' : 'apps/v1'}\nkind: ${kind}\nmetadata: {name: init, namespace: matrix}\nspec:\n${template}        - name: psql\n          image: postgres:16\n          command:\n${command}            - |\n${lines.join('\n')}\n`;
}

const create = 'psql -h pg -U postgres -c "CREATE DATABASE vault"';
const heredoc = (options: string, sql = 'CREATE ROLE vault LOGIN;\nCREATE DATABASE vault OWNER vault;'): string =>
  `psql -h pg -U postgres ${options} <<SQL\n${sql}\nSQL`;

const count = (script: string, shell?: string, kind?: string): number =>
  messages(psqlFailureHidden, job(script, shell, kind)).length;

describe('psql-failure-hidden', () => {
  it('sees that a script goes on', () => {
    assert.equal(count(`${create}\necho done`), 1);
    assert.equal(count(`${create}\necho done`, 'sh, -c', 'Deployment'), 1);
    assert.equal(count(`${create} && echo done\necho more`), 1);
    assert.equal(count(`psql -tc "SELECT 1" | grep -q 1 || ${create}\necho done`), 1);
    assert.equal(count(`if ! psql -c "SELECT 1"; then\n  ${create}\nfi\necho done`), 1);
    assert.equal(count(`${create} | tee /tmp/log`), 1);
    for (const program of ['createdb -h pg vault', 'createuser -h pg -P vault']) {
      assert.match(messages(psqlFailureHidden, job(`${program}\necho done`)).join(), /ends well although create/);
      assert.equal(count(`set -e\n${program}\necho done`), 0);
      assert.equal(count(`${program}\npsql -h pg -U vault -c "SELECT 1"`), 0);
    }
    assert.equal(count('createuser -h pg vault\ncreatedb -h pg -O vault vault'), 0);
    assert.equal(count('createuser -h pg vault\ncreatedb -h pg -O other vault'), 1);
    const role = 'psql -c "CREATE ROLE vault LOGIN"';
    assert.equal(count(`${role}\npsql -c "CREATE DATABASE d OWNER vault"`), 0);
    assert.equal(count(`${role}\npsql -c "GRANT CONNECT ON DATABASE d TO vault"`), 0);
    assert.equal(count(`${role}\npsql -c "GRANT CONNECT ON DATABASE d TO vault"\necho done`), 1);
    assert.equal(count(`${role}\npsql -c "CREATE DATABASE d OWNER other"`), 1);
    assert.match(messages(psqlFailureHidden, job('set -e\ncreatedb vault || true\necho done')).join(), /^info/);
    assert.match(
      messages(psqlFailureHidden, job(`${create}\necho done`)).join(),
      /^warning: Job\/init ends well .* set -e/,
    );
  });

  it('accepts a script whose failure is the failure of the Job', () => {
    for (const script of [
      create,
      `echo first\n${create}`,
      `set -e\n${create}\necho done`,
      `set -euo pipefail\n${create}\necho done`,
      `set -o errexit\n${create}\necho done`,
      `${create} || exit 1\necho done`,
      `${create} || { echo failed; exit 2; }\necho done`,
      `${create} && echo done`,
      `if ! ${create}; then exit 1; fi\necho done`,
      `${create}\nif [ $? -ne 0 ]; then exit 1; fi\necho done`,
      `set -e\npsql -tc "SELECT 1" | grep -q 1 || ${create}\necho done`,
      `exec ${create}`,
      `until ${create}; do sleep 1; done\necho done`,
      `make() {\n  ${create}\n}\nmake || exit 1`,
      `${create}\npsql -h pg -U vault -d vault -c "SELECT 1"`,
      'psql -h pg -c "SELECT 1"\necho done',
      `psql -h pg -c "DROP TABLE x"\necho done`,
    ])
      assert.equal(count(script), 0, script);
    assert.equal(count(`${create}\necho done`, 'sh, -ec'), 0);
    assert.equal(count(`${create}\necho done`, 'bash, -eu, -c'), 0);
    assert.equal(count(`#!/bin/sh -e\n${create}\necho done`), 0);
  });

  it('knows that psql goes on after an error in what it reads', () => {
    assert.equal(count(`set -e\n${heredoc('')}`), 1);
    assert.equal(count(`set -e\n${heredoc('-1')}`), 1);
    assert.equal(count(`set -e\necho "CREATE DATABASE vault" | psql -h pg`), 1);
    for (const options of ['-v ON_ERROR_STOP=1', '--set=ON_ERROR_STOP=on', '-v "ON_ERROR_STOP=1"'])
      assert.equal(count(`set -e\n${heredoc(options)}`), 0, options);
    assert.equal(count(`set -e\n${heredoc('', '\\set ON_ERROR_STOP on\nCREATE DATABASE vault;')}`), 0);
    assert.equal(count(`set -e\n${heredoc('')}\npsql -h pg -d vault -c "SELECT 1"`), 0);
    assert.match(messages(psqlFailureHidden, job(`set -e\n${heredoc('')}`)).join(), /ON_ERROR_STOP/);
  });

  it('tells a usual way to run again from hiding', () => {
    assert.match(messages(psqlFailureHidden, job(`set -e\n${create} || true\necho done`)).join(), /^info/);
    const guarded = `set -e\npsql -tc "SELECT 1" | grep -q 1 || ${create} || true`;
    assert.match(messages(psqlFailureHidden, job(guarded)).join(), /^warning/);
  });

  it('mends both', () => {
    const script = applyFix(psqlFailureHidden, job(`# Makes it.\n${create}\necho done`), /set -e/);
    assert.match(script['main.yaml'] ?? '', / - \|\n {14}set -e\n {14}# Makes it\.\n/);
    const both = applyFix(psqlFailureHidden, job(`${heredoc('')}\necho done`), /set -e/);
    assert.match(both['main.yaml'] ?? '', / - \|\n {14}set -e\n {14}psql -v ON_ERROR_STOP=1 -h pg/);
    const psql = applyFix(psqlFailureHidden, job(`set -e\n${heredoc('')}`), /first error/);
    assert.match(psql['main.yaml'] ?? '', /psql -v ON_ERROR_STOP=1 -h pg/);
  });
});
