import { anchorFor, nameOf } from '../../analysis/anchor';
import { chartReleases } from '../../analysis/charts';
import { homeserverOf } from '../../analysis/homeserver';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { synapseLis, synapseMains, synapseWorkers, workloads } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import type { Place } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'component-missing',
  items: [],
  severity: 'warning',
  summary: 'A component of the checklist is not part of the tree.',
  why: 'The checklist has items about it, which cannot be judged: they are not applicable, and nobody may notice that something was forgotten.',
  remedy:
    'Add the component, or say in `matrix-preflight.yaml` that the deployment does without: `components: {coturn: off}`.',
  traps: [
    'A component that is called, or whose image is called, in another way than usual counts as well, and so do Helm charts and documents that cannot be read.',
    'The database clusters, MinIO, monitoring and dashboards have rules of their own.',
  ],
  examples: {
    bad: `
      #- /matrix-preflight.yaml
      components: {workers: off, keyVault: off, livekit: off, li: off, antivirus: off, element: off}
      #- /synapse.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
      #       ^^^^^^ warning: The tree has no TURN server
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
    `,
    good: `
      #- /matrix-preflight.yaml
      components: {workers: off, keyVault: off, livekit: off, li: off, antivirus: off, element: off}
      #- /synapse.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
    `,
  },
  *checkWorkspace(workspace) {
    const [main] = synapseMains(workspace);
    if (!main) return;
    const settings = settingsOf(workspace).components;
    for (const [name, { title, isThere, words, wantedAt }] of Object.entries(components) as [Name, Component][]) {
      if (settings[name] !== 'required' || isThere(workspace) || isHinted(workspace, words)) continue;
      const at = anchorFor(workspace, wantedAt?.(workspace), nameOf(workspace.resources('Namespace')[0]), nameOf(main));
      if (!at) continue;
      yield {
        at,
        message: `The tree has no ${title}, which the checklist asks for — add it, or set components.${name}: off.`,
      };
    }
  },
} satisfies Rule;

type Name = 'workers' | 'keyVault' | 'livekit' | 'li' | 'antivirus' | 'element' | 'coturn';

interface Component {
  readonly title: string;
  isThere(workspace: Workspace): boolean;
  /** What names and images of something that does the same have in them. */
  readonly words: RegExp;
  /** What tells that it is wanted. */
  wantedAt?(workspace: Workspace): Place | undefined;
}

const components: Readonly<Record<Name, Component>> = {
  workers: {
    title: 'Synapse worker',
    isThere: workspace => synapseWorkers(workspace).length > 0,
    words: /worker|synchrotron/i,
    wantedAt: workspace => nameOf(synapseMains(workspace)[0]),
  },
  keyVault: {
    title: 'key_vault',
    isThere: workspace => workloads(workspace, 'key_vault').length > 0,
    words: /vault/i,
  },
  livekit: {
    title: 'LiveKit',
    isThere: workspace => workloads(workspace, 'livekit').length > 0,
    words: /livekit|jitsi/i,
  },
  li: {
    title: 'LI instance of Synapse',
    isThere: workspace => synapseLis(workspace).length > 0,
    words: /(?:^|[-_/])li(?:$|[-_:])|intercept/i,
  },
  antivirus: {
    title: 'content scanner with ClamAV',
    isThere: workspace => workloads(workspace, 'scanner').length > 0 || workloads(workspace, 'clamav').length > 0,
    words: /clam|virus|scan/i,
  },
  element: {
    title: 'Element Web',
    isThere: workspace => workloads(workspace, 'element').length > 0,
    words: /element|riot|cinny|hydrogen|schildi|nheko|fluffy/i,
    wantedAt: workspace => settingOf(workspace, 'web_client_location'),
  },
  coturn: {
    title: 'TURN server',
    isThere: workspace => workloads(workspace, 'coturn').length > 0,
    words: /turn|stun/i,
    wantedAt: workspace => settingOf(workspace, 'turn_uris'),
  },
};

function settingOf(workspace: Workspace, key: string): Place | undefined {
  const [main] = synapseMains(workspace);
  const value = main && homeserverOf(workspace, main)?.at(key);
  return value?.exists ? value.key : undefined;
}

/** Whether something in the tree may be the component: by a name, by an image, by a chart, or in a broken document. */
function isHinted(workspace: Workspace, words: RegExp): boolean {
  return (
    workspace.lookup(hints, '').some(hint => words.test(hint)) ||
    chartReleases(workspace).some(
      release => release.evidence !== 'mention' && words.test(`${release.name} ${release.chart ?? ''}`),
    )
  );
}

const kinds: ReadonlySet<string> = new Set(workloadKinds);

const hints: Index<string> = {
  name: 'names of what runs',
  *resource(resource) {
    if (!kinds.has(resource.qualifiedKind) && !resource.group.endsWith('argoproj.io')) return;
    yield ['', resource.name];
    for (const { name, image } of containersOf(resource)) yield ['', `${name} ${image}`];
  },
  *document(document) {
    if (document.problems.length > 0 || document.isTemplate) yield ['', document.text];
  },
};
