import { templateComment } from '../../manifests/document';
import type { SourceFile } from '../../manifests/file';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'file-templated-skipped',
  items: [],
  severity: 'info',
  summary: 'A file is a template and was not checked.',
  why: 'Helm or another template engine has to fill the file in before it is YAML, so its objects are neither checked nor known to the rest of the tree.',
  remedy:
    'Render the chart (`helm template`) and check the result, or leave the file out with `exclude` in `matrix-preflight.yaml`.',
  traps: [
    'Braces inside quotes, comments and block scalars, as in Prometheus rules and dashboards, are text and no template.',
    'Of a Helm chart (`Chart.yaml`) nothing in `templates`, `charts` and `crds` is checked, nor its `values.yaml`; that is told once, at its `Chart.yaml`.',
    'The other documents of the file are checked if they hold no template action.',
  ],
  sources: ['Helm documentation, Chart Template Guide: actions stand between `{{` and `}}`.'],
  examples: {
    bad: `
      #- /templates/service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: {{ .Release.Name }}-synapse
      #       ^^^^^^^^^^^^^^^^^^^ info: service.yaml is a template
      spec:
        ports:
          - port: {{ .Values.port }}
    `,
    good: `
      #- /service.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
      spec:
        ports:
          - port: 8008
    `,
  },
  *checkFile(file, workspace) {
    const document = file.documents.find(one => one.isTemplate);
    if (file.name === 'Chart.yaml') yield* chartProblem(file, workspace);
    if (!document || file.isChartPart) return;
    const line =
      /^[ ]*(?:- )*(?:[\w./-]+:[ ]+)?(\{\{.*?\}\})/m.exec(document.text) ?? templateComment.exec(document.text);
    const action = line?.[1] ?? '';
    const start = line ? line.index + line[0].length - action.length : 0;
    yield {
      at: document.place(start, start + action.length),
      message: `${file.name} is a template that has to be filled in first, so it was not checked — check what the template engine makes of it.`,
    };
  },
} satisfies Rule;

/** A chart is told once, however many templates it has. */
function* chartProblem(chart: SourceFile, workspace: Workspace): Iterable<Problem> {
  const [document] = chart.documents;
  const parts = workspace.files.filter(
    file => file.isChartPart && (chart.directory === '' || file.path.startsWith(`${chart.directory}/`)),
  );
  if (!document || parts.length === 0 || chart.isChartPart) return;
  const name = document.root.at('name');
  yield {
    at: name.exists ? name : document.place(0, 0),
    message: `${name.text ?? chart.path} is a Helm chart, so ${parts.length === 1 ? 'its file was' : `its ${parts.length} files were`} not checked — check what helm template makes of it.`,
  };
}
