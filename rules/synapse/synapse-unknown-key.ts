import { nearest } from '../../analysis/nearest';
import { instanceOf, processKinds, synapseProcess } from '../../analysis/synapse';
import { renameKey } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';
import { reportedLayers } from './instances';
import { knownOptions } from './options';

export default {
  id: 'synapse-unknown-key',
  items: [],
  severity: 'warning',
  summary: 'A key of homeserver.yaml is nearly, but not quite, the name of an option.',
  why: 'Synapse ignores keys that it does not know, without a word: the option that was meant keeps its default.',
  remedy: 'Write the option as the configuration manual spells it: lower case, with underscores.',
  traps: [
    'Only keys that come very near to an option are reported; a key that is nothing like one may belong to a module or a newer Synapse.',
    'Keys below the top level are not judged, but for those of the database that belong below `args`.',
  ],
  sources: ['element-hq/synapse, docs/usage/configuration/config_documentation.md'],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn-shared-secret: kept-elsewhere
      #   ^^^^^^^^^^^^^^^^^^ 💡 warning: Synapse has no option turn-shared-secret
          enable_registraton: false
      #   ^^^^^^^^^^^^^^^^^^ 💡 warning: did you mean enable_registration?
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          turn_shared_secret: kept-elsewhere
          enable_registration: false
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    for (const { root, file } of reportedLayers(instanceOf(workspace, resource), process)) {
      if (file.isOpaque) continue;
      for (const [key, value] of root.entries()) {
        if (key === 'database') yield* besideArgs(value);
        if (knownOptions.has(key)) continue;
        const spelt = asOption(key);
        const isSpelling = spelt !== key && knownOptions.has(spelt);
        const meant = isSpelling ? spelt : close(key);
        if (meant === undefined) continue;
        yield {
          at: value.key,
          message: `Synapse has no option ${key} and ignores it — did you mean ${meant}?`,
          fixes: () => {
            const edit = root.at(meant).exists ? undefined : renameKey(value, meant);
            return edit ? [{ title: `Write ${meant}`, safe: isSpelling, edits: [edit] }] : [];
          },
        };
      }
    }
  },
} satisfies Rule;

/** What the driver of the database is to be given, but does not get (config_documentation.md, `database`). */
function* besideArgs(database: Value): Iterable<Problem> {
  for (const [key, value] of database.entries()) {
    if (!/^(?:user|password|host|port|dbname|database|sslmode|cp_min|cp_max)$/.test(key)) continue;
    if (database.at('args', key).exists) continue;
    yield {
      at: value.key,
      message: `Synapse has no option database.${key} and ignores it — move it below args.`,
    };
  }
}

/** A name with the letters of an option: lower case, parts joined by underscores. */
function asOption(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[-.\s]+/g, '_');
}

/** The option that a key misspells: one letter off, two in a long name. */
function close(key: string): string | undefined {
  if (key.length < 6 || /^[_x.]/.test(key)) return undefined;
  const spelt = asOption(key);
  const found = nearest(spelt, knownOptions);
  // A plural or another number at the end is more likely an option of a newer version than a slip in a short name.
  return found && (key.length >= 10 || Math.abs(found.length - spelt.length) <= 1) && found[0] === spelt[0]
    ? found
    : undefined;
}
