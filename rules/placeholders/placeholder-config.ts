import { isReplacedByScript } from '../../analysis/filled-in';
import { releasesIn, shownValues } from '../../analysis/helm/releases';
import { isUsedByScript, valuesDocuments } from '../../analysis/helm-values';
import { containersOf } from '../../analysis/pods';
import { referrersOf } from '../../analysis/references';
import { isFilledByVaultPlugin } from '../../analysis/secret-data';
import { placeholderWords } from '../../analysis/text/placeholders';
import type { ManifestDocument } from '../../manifests/document';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { isSwitchedOff } from './switched-off';
import { type FoundPlaceholder, placeholdersIn, placeholdersOf } from './texts';

export default {
  id: 'placeholder-config',
  items: ['A.1.e'],
  severity: 'error',
  summary: 'A manifest still holds a value that somebody was to fill in.',
  why: 'What was left open is deployed as it stands: a storage class, an address or a key named CHANGEME does not exist.',
  remedy: 'Write the real value, or take it from a Secret.',
  traps: [
    'Comments, scripts, descriptions, alert rules and dashboards are not searched.',
    'Helm values count, as a warning, where a script of the tree passes them to Helm.',
    'What a configuration switches off, with `enabled: false` or as `turn_uris: []` does with the secret of a TURN server, is not read. Files such as `app.example.yaml` are there to be filled in.',
    'LiveKit takes the variable `LIVEKIT_KEYS` in place of what stands under `keys`, which is then never read.',
    'Tokens that an init container replaces (`X_PLACEHOLDER`, `${X}`) are the business of config-placeholder-unsubstituted.',
  ],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          resolvers cluster
            # nameserver CHANGEME:53
            nameserver dns CHANGEME_KUBE_DNS_IP:53
      #                    ^^^^^^^^^^^^^^^^^^^^ error: CHANGEME_KUBE_DNS_IP is still to be filled in
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          resolvers cluster
            # nameserver CHANGEME:53
            parse-resolv-conf
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    for (const found of placeholdersIn(resource, workspace)) {
      const { placeholder, at } = found;
      if (placeholder.class !== 'change-me' && placeholder.class !== 'angle') continue;
      if (placeholder.class === 'angle' && isFilledByVaultPlugin(resource)) continue;
      if (isReplacedByScript(workspace, at, placeholder.text) || isOverridden(workspace, resource, found)) continue;
      yield { at, message: `${placeholderWords(placeholder.text)} is still to be filled in — write the real value.` };
    }
  },
  *checkDocument(document, workspace) {
    if (document.resources.length > 0 || !isUsed(workspace, document)) return;
    if (!valuesDocuments(workspace).includes(document)) return;
    for (const scalar of document.root.scalars()) {
      for (const { placeholder, at } of placeholdersOf(scalar, 'value')) {
        if (placeholder.class !== 'change-me' && placeholder.class !== 'angle') continue;
        if (isSwitchedOff(document.root, at)) continue;
        yield {
          at,
          severity: 'warning',
          message: `${placeholderWords(placeholder.text)} in the values of a chart is still to be filled in — write the real value.`,
        };
      }
    }
  },
} satisfies Rule;

/** Whether a script passes a file of values to Helm, or a release takes its values from it. */
function isUsed(workspace: Workspace, { file }: ManifestDocument): boolean {
  return (
    isUsedByScript(workspace, file) ||
    releasesIn(workspace).some(release => shownValues(release).some(root => root.uri === file.uri))
  );
}

/** Whether LiveKit throws a key of its configuration away for a variable (pkg/config/config.go, unmarshalKeys). */
function isOverridden(workspace: Workspace, resource: Resource, { placeholder, value }: FoundPlaceholder): boolean {
  if (resource.kind !== 'ConfigMap') return false;
  const before = value.text?.slice(0, placeholder.span.start) ?? '';
  const section = before.split(/^(?=[^\s#])/m).at(-1);
  if (!section?.startsWith('keys:')) return false;
  const readers = referrersOf(workspace, 'ConfigMap', resource.namespace, resource.name);
  return (
    readers.length > 0 &&
    readers.every(({ resource: reader }) =>
      containersOf(reader).some(({ value: container }) =>
        container
          .at('env')
          .items()
          .some(one => one.at('name').text === 'LIVEKIT_KEYS'),
      ),
    )
  );
}
