import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { configurationOf, parsed } from './configs';
import type { EffectiveFile } from './effective';

/** The configuration files of one Synapse process, parsed. Later files replace whole top-level keys of earlier ones. */
export interface Homeserver {
  readonly layers: readonly HomeserverLayer[];
  /** Whether a file that the command line names cannot be seen or followed; then an absent key proves nothing. */
  readonly isPartial: boolean;
}

export interface HomeserverLayer {
  readonly file: EffectiveFile;
  readonly root: Value;
}

/** What a Synapse workload is configured with; undefined if none of its files is in the tree. */
export function homeserverFiles(workspace: Workspace, synapse: Resource): Homeserver | undefined {
  return workspace.derive(readHomeserver, synapse);
}

/**
 * A reader of the effective configuration: `at('database', 'args', 'host')` finds the key in the last file that has its
 * first part, as Synapse does (synapse/config/_base.py merges top-level keys only). Undefined without any file.
 */
export function homeserverOf(workspace: Workspace, synapse: Resource): HomeserverReader | undefined {
  const files = homeserverFiles(workspace, synapse);
  const [first] = files?.layers ?? [];
  return files && first
    ? {
        ...files,
        at: (...path) => layerWith(files, path[0] ?? '', first).root.at(...path),
        layer: key => layerWith(files, key, first),
      }
    : undefined;
}

export interface HomeserverReader extends Homeserver {
  at(...path: readonly (string | number)[]): Value;
  /** The layer that decides a top-level key. */
  layer(key: string | number): HomeserverLayer;
}

function layerWith({ layers }: Homeserver, key: string | number, first: HomeserverLayer): HomeserverLayer {
  return layers.findLast(({ root }) => root.at(key).exists) ?? first;
}

function readHomeserver(synapse: Resource, workspace: Workspace): Homeserver | undefined {
  const configuration = configurationOf(workspace, synapse, 'synapse');
  if (!configuration) return undefined;
  const layers = configuration.files.flatMap(file => {
    const { root } = parsed(file);
    return root.kind === 'mapping' ? [{ file, root }] : [];
  });
  const isPartial = layers.length < configuration.paths.length || configuration.files.some(file => file.isOpaque);
  return layers.length > 0 ? { layers, isPartial } : undefined;
}
