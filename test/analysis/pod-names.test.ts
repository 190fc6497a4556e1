import assert from 'node:assert/strict';
import { chartReleases } from '../../analysis/charts';
import { podNameUses } from '../../analysis/pod-names';
import { Workspace } from '../../manifests/workspace';

const uri = 'file:///a.yaml';

function lookUp(...texts: readonly string[]): Workspace {
  const workspace = new Workspace();
  for (const text of texts) {
    workspace.update(uri, 'a.yaml', text);
    podNameUses(workspace, 'redis', 'redis-headless');
    chartReleases(workspace);
  }
  return workspace;
}

describe('pods reached by name', () => {
  it('are found with their places, also after comments have changed', () => {
    const config =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  host: redis-0.redis-headless.matrix\n';
    const workspace = lookUp(config, `# a comment\n${config}`);
    const [use] = podNameUses(workspace, 'redis', 'redis-headless');
    const text = workspace.file(uri)?.text ?? '';
    assert.equal(text.slice(use?.at.span.start, use?.at.span.end), 'redis-0.redis-headless');
  });

  it('are those of the workload, and not in comments', () => {
    const workspace = lookUp('a: other-0.redis-headless # redis-1.redis-headless\nb: ${HOSTNAME}.redis-headless\n');
    assert.deepEqual(
      podNameUses(workspace, 'redis', 'redis-headless').map(use => use.workload),
      [undefined],
    );
  });
});

describe('commands in comments', () => {
  it('are forgotten when the comment goes, although nothing else of the document changes', () => {
    const object = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n';
    assert.equal(chartReleases(lookUp(`# helm install x y/z\n${object}`)).length, 1);
    assert.equal(chartReleases(lookUp(`# helm install x y/z\n${object}`, object)).length, 0);
    assert.equal(chartReleases(lookUp(object, `# helm install x y/z\n${object}`)).length, 1);
  });
});
