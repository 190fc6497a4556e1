import assert from 'node:assert/strict';
import { Workspace } from '../../../manifests/workspace';
import { LiveFindings } from '../../../rules/live';
import fileNotRead from '../../../rules/yaml/file-not-read';
import fileTemplatedSkipped from '../../../rules/yaml/file-templated-skipped';
import yamlSyntax from '../../../rules/yaml/yaml-syntax';
import { check, uriOf } from '../../fixture';
import { expectMarks } from '../expect';

describe('file-templated-skipped', () => {
  it('takes braces in strings, comments and block scalars for text', () => {
    expectMarks(
      fileTemplatedSkipped,
      `
      # {{ .Values.note }}
      annotations:
        summary: "Pod {{ $labels.pod }} is down"
        description: '{{ $value }} errors'
        legend: |
          {{instance}}
          a: {{ .Values.x }}
      `,
    );
  });

  it('knows the code of ytt, which stands in comments', () => {
    expectMarks(
      fileTemplatedSkipped,
      `
      replicas: #@ data.values.replicas
      #         ^^^^^^^^^^^^^^^^^^^^^^^ info: main.yaml is a template
      `,
    );
    expectMarks(
      fileTemplatedSkipped,
      `
      #@author somebody
      script: |
        #@ echo
        true
      `,
    );
  });

  it('is said once per file, at the first action', () => {
    expectMarks(
      fileTemplatedSkipped,
      `
      a: 1
      ---
      {{- if .Values.enabled }}
      #^^^^^^^^^^^^^^^^^^^^^^^^ info: main.yaml is a template
      a: 1
      {{- end }}
      ---
      b: {{ .Values.b }}
      `,
    );
  });
});

describe('a Helm chart', () => {
  const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: orphan, namespace: nowhere}\n';
  const chart: readonly (readonly [string, string])[] = [
    ['charts/app/Chart.yaml', 'apiVersion: v2\nname: app\nversion: 0.1.0\n'],
    ['charts/app/templates/service.yaml', service],
    ['charts/app/templates/pod.yaml', 'kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n'],
    ['charts/app/charts/sub/Chart.yaml', 'apiVersion: v2\nname: sub\nversion: 0.1.0\n'],
    ['charts/app/charts/sub/templates/service.yaml', service],
    ['charts/app/values.yaml', 'password: CHANGEME\n'],
    ['charts/app/values-production.yaml', 'replicas: 2\n'],
    ['charts/app/extra.yaml', service.replace('orphan', 'extra')],
  ];
  const state = (workspace: Workspace): readonly string[] => [
    ...workspace.resources('Service').map(({ title }) => title),
    ...workspace.files.filter(file => file.isChartPart).map(({ path }) => path.slice('charts/app/'.length)),
  ];
  const whole = [
    'Service/extra',
    'charts/sub/Chart.yaml',
    'charts/sub/templates/service.yaml',
    'templates/pod.yaml',
    'templates/service.yaml',
    'values.yaml',
  ];

  it('holds no manifests, which is told once', () => {
    const tree = chart.map(([path, text]) => `#- /${path}\n${text}`).join('');
    const { workspace, findings } = check(tree, [fileTemplatedSkipped]);
    assert.deepEqual(state(workspace), whole);
    assert.deepEqual(
      findings.map(({ problem }) => problem.message),
      ['app is a Helm chart, so its 5 files were not checked — check what helm template makes of it.'],
    );
  });

  it('is the same in whatever order its files come, and none without Chart.yaml', () => {
    for (const files of [chart, [...chart].reverse()]) {
      const workspace = new Workspace();
      const live = new LiveFindings(workspace, [fileTemplatedSkipped], {}, () => undefined);
      live.start();
      const put = (path: string, text: string): void => live.apply(workspace.update(uriOf(path), path, text));
      for (const [path, text] of files) put(path, text);
      assert.deepEqual(state(workspace), whole);
      assert.equal(live.all().length, 1);
      const removed = workspace.remove(uriOf('charts/app/Chart.yaml'));
      assert.ok(removed);
      live.apply(removed);
      assert.deepEqual(state(workspace), ['Service/extra', 'Service/orphan', 'charts/sub/templates/service.yaml']);
      assert.deepEqual(
        live.all().map(({ problem }) => problem.message.split(' ', 3).join(' ')),
        ['sub is a', 'pod.yaml is a'],
      );
      live.dispose();
    }
  });

  it('has real values where it has no templates', () => {
    const { workspace } = check(
      '#- /Chart.yaml\nname: stack\n#- /values.yaml\ngrafana: {}\n#- /charts/a.yaml\na: 1\n',
      [],
    );
    assert.deepEqual(
      workspace.files.filter(file => file.isChartPart).map(({ path }) => path),
      ['charts/a.yaml'],
    );
  });
});

describe('file-not-read', () => {
  it('says nothing of an empty file', () => {
    expectMarks(fileNotRead, '#- /empty.yaml\n# nothing\n#- /other.sh\n\n');
  });
});

describe('yaml-syntax', () => {
  it('finds tabs as indentation, so that they need no rule of their own', () => {
    const [finding] = check('a: 1\nb:\n\tc: 1\n', [yamlSyntax]).findings;
    assert.match(finding?.problem.message ?? '', /^Tabs are not allowed as indentation/);
  });
});
