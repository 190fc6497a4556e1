import * as assert from 'node:assert/strict';
import { planMarkdown } from '../../client/deploy/plan-markdown';
import type { DeployPlan, PlanStep } from '../../protocol/messages';

const step = (id: string, given: Partial<PlanStep>): PlanStep => ({
  id,
  title: `Step ${id}`,
  checklistPath: 'infrastructure/01-postgresql/',
  paths: ['infrastructure/01-postgresql'],
  resolution: 'exact',
  objects: [],
  commands: [],
  runOnce: false,
  waits: [],
  blockedBy: [],
  ...given,
});
const plan = (...steps: readonly PlanStep[]): DeployPlan => ({
  version: 1,
  hash: 'abc123',
  phases: [
    { id: 'infrastructure', title: 'Infrastructure', steps },
    { id: 'monitoring', title: 'Monitoring', steps: [step('monitors', { title: 'Monitors' })] },
  ],
  unclaimed: ['main-instance/07-sygnal'],
});
const linkTo = (file: string, line: number) => `/${file}#L${line}`;

describe('plan as Markdown', () => {
  it('says for each way of finding the manifests what that means', () => {
    const text = planMarkdown(
      plan(
        step('exact', {}),
        step('moved', { resolution: 'moved', paths: ['db'] }),
        step('ambiguous', { resolution: 'ambiguous', paths: ['db', 'db2'] }),
        step('absent', { resolution: 'absent', paths: [] }),
        step('broken', { resolution: 'broken' }),
        step('proposed', { checklistPath: '', paths: ['namespace.yaml'] }),
      ),
      linkTo,
    );
    assert.deepEqual(
      text.split('\n').filter(line => line.startsWith('**')),
      [
        '**Ready.** Found where the checklist says: `infrastructure/01-postgresql`.',
        '**Ready.** The checklist names `infrastructure/01-postgresql/`; found in `db`.',
        '**Cannot run.** The checklist names `infrastructure/01-postgresql/`; more than one place could be meant: `db`, `db2`.',
        '**Cannot run.** The checklist names `infrastructure/01-postgresql/`; nothing in the deployment carries it out.',
        '**Cannot run.** The checklist names `infrastructure/01-postgresql/`; a file of `infrastructure/01-postgresql` cannot be read.',
        '**Ready.** The checklist has no such step; its manifests are in `namespace.yaml`.',
        '**Ready.** Found where the checklist says: `infrastructure/01-postgresql`.',
      ],
    );
    assert.match(text, /^7 steps, 0 blocked by findings\. For 3 of them the manifests are missing or not clear\. /m);
  });

  it('shows objects, blockers, commands and waits, with links to the manifests', () => {
    const text = planMarkdown(
      plan(
        step('postgresql', {
          objects: [
            {
              apiVersion: 'postgresql.cnpg.io/v1',
              kind: 'Cluster',
              name: 'db',
              namespace: 'matrix',
              file: 'a/b.yaml',
              line: 4,
            },
          ],
          commands: ['kubectl apply --server-side --filename=-'],
          waits: [{ kind: 'Cluster', name: 'db', namespace: 'matrix', until: 'Ready', timeoutSeconds: 600 }],
          blockedBy: [{ rule: 'some-rule', file: 'a/b.yaml', line: 7, message: 'It is wrong.' }],
          runOnce: true,
        }),
      ),
      linkTo,
    );
    assert.ok(text.includes('**Blocked.** '));
    assert.ok(text.includes('| Cluster | db | matrix | [a\\/b\\.yaml\\:4](</a/b.yaml#L4>) |'));
    assert.ok(text.includes('- [a\\/b\\.yaml\\:7](</a/b.yaml#L7>) It is wrong\\. (`some-rule`)'));
    assert.ok(text.includes('```sh\nkubectl apply --server-side --filename=-\n```'));
    assert.ok(text.includes('- Cluster\\/db in matrix: Ready, for at most 600 seconds'));
    assert.ok(text.includes('Contains a Job that must run once only.'));
    assert.ok(text.includes('- `main-instance/07-sygnal`'));
  });

  it('shows one phase alone when asked to', () => {
    const text = planMarkdown(plan(step('postgresql', {})), linkTo, 'monitoring');
    assert.match(text, /^# Deployment plan: Monitoring$/m);
    assert.match(text, /^## 1\. Monitors$/m);
    assert.doesNotMatch(text, /Step postgresql|07-sygnal/);
  });

  it('leaves places without a link where none can be made', () => {
    const text = planMarkdown(
      plan(step('a', { blockedBy: [{ rule: 'r', file: 'x.yaml', line: 1 }] })),
      () => undefined,
    );
    assert.ok(text.includes('- x\\.yaml\\:1 (`r`)'));
  });

  it('shows what manifests contain as text only', () => {
    const text = planMarkdown(
      plan(
        step('evil', {
          title: '<img src=x>\n# Heading',
          paths: ['a`b'],
          commands: ['echo\n```\n# Not a heading'],
          blockedBy: [{ rule: 'r', file: 'x.yaml', line: 1, message: '[click](command:evil) | <b>' }],
        }),
      ),
      linkTo,
    );
    assert.ok(text.includes('### 1. \\<img src\\=x\\> \\# Heading'));
    assert.ok(text.includes('``a`b``'));
    assert.ok(text.includes('````sh\necho\n```\n# Not a heading\n````'));
    assert.ok(text.includes('\\[click\\]\\(command\\:evil\\) \\| \\<b\\>'));
  });
});
