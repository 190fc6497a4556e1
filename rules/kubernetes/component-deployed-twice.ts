import { type ChartRelease, chartReleases } from '../../analysis/charts';
import { replicasOf, workloadKinds } from '../../analysis/pods';
import { type Family, familiesOf, isLi, podLabel, synapseMains, workloads } from '../../analysis/roles';
import { perName } from '../../manifests/derived';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'component-deployed-twice',
  items: [],
  severity: 'info',
  summary: 'A component is deployed by a manifest and by a Helm chart.',
  why: 'Whoever follows the tree gets the component twice, with two configurations of which only one is kept up to date, or configures the one that nobody uses.',
  remedy: 'Keep one of the two. What the tree is checked by is the manifest.',
  traps: [
    'A values file counts by its name, such as `livekit-values.yaml`, also where no script uses it; a command that only a README shows does not.',
    'Manifests that a chart was rendered to (`helm.sh/chart`, `app.kubernetes.io/managed-by: Helm`) are that chart.',
    'PostgreSQL and Redis are left out, because several of them are usual.',
  ],
  sources: ['Helm documentation, Labels and Annotations'],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
      #       ^^^^^^^ info: LiveKit is deployed by this Deployment and by a Helm chart (values/livekit-values.yaml)
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
      #- /values/livekit-values.yaml
      replicaCount: 2
    `,
    good: `
      #- /livekit.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels: {app: livekit}
        template:
          metadata:
            labels: {app: livekit}
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const family of familiesOf(resource)) {
      const component = components[family];
      if (!component) continue;
      const [first, ...others] = nativeOf(workspace, family);
      if (first !== resource) continue;
      const releases = chartReleases(workspace).filter(
        release => release.evidence !== 'mention' && component.charts.test(release.chart ?? release.name),
      );
      const [release] = releases;
      if (!release) continue;
      yield {
        at: resource.root.at('metadata', 'name'),
        message: `${component.title} is deployed by this ${resource.kind} and by ${chartIn(workspace, release)} — keep one of them.`,
        related: [
          ...releases.map(one => ({ at: one.at, message: 'What installs the chart, or is meant for it' })),
          ...others.map(one => ({ at: one.root.at('metadata', 'name'), message: one.title })),
        ],
      };
    }
  },
} satisfies Rule;

interface Component {
  readonly title: string;
  /** The names of charts that deploy it. */
  readonly charts: RegExp;
}

/** Components of which a deployment has one. */
const components: Partial<Record<Family, Component>> = {
  livekit: { title: 'LiveKit', charts: /^livekit(?:-server)?$/ },
  coturn: { title: 'coturn', charts: /^(?:coturn|turnserver)$/ },
  clamav: { title: 'ClamAV', charts: /^clamav$/ },
  haproxy: { title: 'HAProxy', charts: /^haproxy$/ },
  element: { title: 'Element Web', charts: /^element(?:-web)?$/ },
  sygnal: { title: 'Sygnal', charts: /^sygnal$/ },
  synapse: { title: 'Synapse', charts: /^(?:matrix-)?synapse$/ },
};

/** The workloads of the main instance that run a component and that no chart was rendered to. */
const nativeOf = perName((workspace: Workspace, family): readonly Resource[] => {
  const all = family === 'synapse' ? synapseMains(workspace) : workloads(workspace, family as Family);
  return all.filter(one => !/Job$/.test(one.kind) && !isLi(workspace, one) && replicasOf(one) > 0 && !isFromChart(one));
});

function isFromChart(resource: Resource): boolean {
  return (
    ['helm.sh/chart', 'chart'].some(key => podLabel(resource, key) !== undefined || resource.labels.has(key)) ||
    resource.labels.get('app.kubernetes.io/managed-by') === 'Helm'
  );
}

function chartIn(workspace: Workspace, { chart, at }: ChartRelease): string {
  const path = workspace.file(at.uri)?.path;
  return `${chart === undefined ? 'a Helm chart' : `the Helm chart ${chart}`}${path === undefined ? '' : ` (${path})`}`;
}
