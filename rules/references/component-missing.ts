import { anchorFor, nameOf } from '../../analysis/anchor';
import { homeserverOf } from '../../analysis/homeserver';
import { databases, synapseLis, synapseMains, synapseWorkers, workloads } from '../../analysis/roles';
import { settingsDocument, settingsFileName, settingsOf } from '../../analysis/settings';
import { listed } from '../../analysis/wording';
import { insertEntry } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { isHinted } from './hints';

export default {
  id: 'component-missing',
  items: ['1.1.a.2'],
  severity: 'warning',
  summary: 'A component of the checklist is not part of the tree.',
  why: 'The checklist has items about it, which cannot be judged: they are not applicable, and nobody may notice that something was forgotten.',
  remedy:
    'Add the component, or say in `matrix-preflight.yaml` that the deployment does without: `components: {coturn: off}`.',
  traps: [
    'A component that is called, or whose image is called, in another way than usual counts as well, and so do Helm charts and documents that cannot be read.',
    'All that is missing is told once; what a setting of Synapse speaks of, such as `turn_uris`, is told there.',
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
      #       ^^^^^^ 💡 warning: The tree has no TURN server
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
      components: {workers: off, keyVault: off, livekit: off, li: off, antivirus: off, element: off, coturn: off}
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
    `,
  },
  *checkWorkspace(workspace) {
    const [main] = synapseMains(workspace);
    if (!main) return;
    const settings = settingsOf(workspace).components;
    const missing = (Object.entries(components) as [Name, Component][]).filter(
      ([name, { isThere, words }]) =>
        settings[name] === 'required' && !isThere(workspace) && !isHinted(workspace, words),
    );
    const others: [Name, Component][] = [];
    for (const [name, component] of missing) {
      const wanted = component.wantedAt?.(workspace);
      if (wanted) yield told(workspace, wanted, [[name, component]]);
      else others.push([name, component]);
    }
    const at = anchorFor(workspace, nameOf(workspace.resources('Namespace')[0]), nameOf(main));
    if (at && others.length > 0) yield told(workspace, at, others);
  },
} satisfies Rule;

function told(workspace: Workspace, at: Place, missing: readonly (readonly [Name, Component])[]): Problem {
  const names = missing.map(([name]) => name);
  const advice =
    names.length === 1 ? `add it, or set components.${names[0]}: off` : `add them, or set ${listed(names)} to off`;
  return {
    at,
    // Without an LI instance nothing else asks for its database.
    items: names.includes('li') && !databases(workspace).li ? ['1.1.a.2'] : [],
    message: `The tree has no ${listed(missing.map(([, { title }]) => title))}, which the checklist asks for — ${advice}${names.length === 1 ? '' : ' under components'}.`,
    fixes: () => switchOff(workspace, names),
  };
}

/** Says in the settings of the tree that the deployment does without some components. */
function switchOff(workspace: Workspace, names: readonly Name[]): readonly Fix[] {
  const lines = names.map(name => `${name}: off`);
  const title = `Set ${listed(names)} to off in ${settingsFileName}`;
  const root = settingsDocument(workspace)?.root;
  if (!root) {
    // A settings file that nothing stands in has no document.
    const isThere = workspace.files.some(({ path }) => path === settingsFileName);
    const text = `components:\n${lines.map(line => `  ${line}\n`).join('')}`;
    return isThere ? [] : [{ title, safe: false, edits: [], creates: [{ path: settingsFileName, text }] }];
  }
  const switches = root.at('components');
  // What is required by name is meant to be there.
  if (names.some(name => switches.at(name).exists)) return [];
  const edit = switches.exists
    ? insertEntry(switches, switches.style === 'flow' ? lines.join(', ') : lines.join('\n'))
    : insertEntry(root, `components:\n${lines.map(line => `  ${line}`).join('\n')}`);
  return edit ? [{ title, safe: false, edits: [edit] }] : [];
}

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
