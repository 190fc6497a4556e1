import { isLeftOpen } from '../../analysis/examples';
import { containersOf, podTemplate } from '../../analysis/pods';
import { scriptOf } from '../../analysis/scripts';
import { keyTexts } from '../../analysis/secret-data';
import { type Language, languageOf } from '../../analysis/text/comments';
import { findPlaceholders, type Placeholder, placeholdersOfFile } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { placesSwitchedOff } from './switched-off';

/** A placeholder somewhere in a manifest. */
export interface FoundPlaceholder {
  readonly placeholder: Placeholder;
  readonly at: Place;
  /** The scalar that holds it. */
  readonly value: Value;
}

/**
 * The placeholders in what a manifest says: its scalars, and the configuration texts in it with their comments left
 * out. Scripts are not searched, since they name placeholders in order to replace them or to refuse them; neither are
 * descriptions, dashboards and alert rules, whose texts are full of look-alikes. Without a workspace, scripts in
 * ConfigMaps that a container names by path are judged by their look.
 */
export function placeholdersIn(resource: Resource, workspace: Workspace | undefined): readonly FoundPlaceholder[] {
  if (resource.kind === 'Secret' || unsearchedKinds.has(resource.kind)) return [];
  const { file } = resource.document;
  if (workspace ? isLeftOpen(workspace, file) : file.isExample) return [];
  const values = resource.kind === 'ConfigMap' ? configTexts(resource) : plainValues(resource, workspace);
  return values.flatMap(({ value, language }) => placeholdersOf(value, language));
}

/** The placeholders in one scalar. */
export function placeholdersOf(value: Value, language: Language | 'value'): readonly FoundPlaceholder[] {
  const text = value.text ?? '';
  if (!isSuspicious(text)) return [];
  const found = language === 'value' ? findPlaceholders(text, language) : placeholdersOfFile(text, language);
  if (found.length === 0) return [];
  const isOff = language === 'yaml' ? placesSwitchedOff(value.embedded().root) : () => false;
  return found
    .map(placeholder => ({ placeholder, at: value.part(placeholder.span.start, placeholder.span.end), value }))
    .filter(({ at }) => !isOff(at));
}

/** The language of a text by its key; undefined for scripts, dashboards and pages, which are not searched. */
export function configLanguage(key: string, text: string): Language | 'value' | undefined {
  if (!text.includes('\n') && !/\.\w+$/.test(key)) return 'value';
  // A page speaks to its reader: `placeholder="your-name"`.
  if (/\.(?:html?|md|svg|css)$/i.test(key)) return undefined;
  if (/\.json$/.test(key) && /"(?:panels|templating)"\s*:/.test(text)) return undefined;
  const language = languageOf(key, text);
  return language === 'shell' || language === 'python' ? undefined : language;
}

/** Images have a rule of their own, descriptions are for people, and the group of an API is a name that nobody resolves. */
const unsearchedFields: ReadonlySet<string> = new Set(['image', 'description', 'apiVersion', 'apiGroup', 'group']);
const unsearchedKinds = new Set(['PrometheusRule', 'CustomResourceDefinition', 'GrafanaDashboard']);
const suspicious =
  /change|replace|insert|your|fixme|todo|tbd|tba|xxx|placeholder|from_secret|example|invalid|domain|\.tld|<|__|@\w+@|(?:set|fill)[-_]?me|dummy|fake|_be_|-be-|generate|put[-_]?(?:some|the|an?)/i;

/** Cheap to test: every placeholder has one of these somewhere. */
export const isSuspicious = (text: string) => suspicious.test(text);

interface SearchedText {
  readonly value: Value;
  readonly language: Language | 'value';
}

function configTexts(resource: Resource): readonly SearchedText[] {
  return keyTexts(resource).flatMap(([key, value]) => {
    const language = configLanguage(key, value.text ?? '');
    return language === undefined ? [] : [{ value, language }];
  });
}

function plainValues(resource: Resource, workspace: Workspace | undefined): readonly SearchedText[] {
  const found: SearchedText[] = [];
  let scripts: readonly number[] | undefined;
  for (const [key, value] of resource.root.entries()) {
    const searched =
      key === 'metadata'
        ? value
            .entries()
            .flatMap(([name, entry]) =>
              name === 'annotations'
                ? entry.entries().flatMap(([annotation, one]) => (isRead(resource, annotation) ? [one] : []))
                : [entry],
            )
        : [value];
    for (const root of searched) {
      for (const scalar of root.scalars(isSuspicious)) {
        if (unsearchedFields.has(String(scalar.name)) || scalar.string === undefined) continue;
        if (scalar.path.includes('apiGroups') || !isReadAt(resource, scalar.path)) continue;
        scripts ??= podTemplate(resource) ? scriptStarts(resource, workspace) : [];
        if (scripts.includes(scalar.span.start)) continue;
        found.push({ value: scalar, language: 'value' });
      }
    }
  }
  return found;
}

/** Whether a program acts on an annotation; others describe, or are written by tools. */
function isRead(resource: Resource, annotation: string): boolean {
  return resource.kind === 'Ingress'
    ? !/(?:^|\/)(?:description|notes?|comment|change-cause|last-applied-configuration)$/.test(annotation)
    : readAnnotations.test(annotation);
}

/** The same for the annotations of pods, which stand below their workload. */
function isReadAt(resource: Resource, path: Value['path']): boolean {
  const at = path.indexOf('annotations');
  return at < 1 || path[at - 1] !== 'metadata' || isRead(resource, String(path[at + 1]));
}

/** Those of certificates, of names and addresses of load balancers, of mesh and vault sidecars. */
const readAnnotations =
  /^(?:(?:[\w-]+\.)*cert-manager\.io|external-dns\.alpha\.kubernetes\.io|service\.(?:alpha|beta)\.kubernetes\.io|metallb\.(?:universe\.tf|io)|load-balancer\.[\w.-]+|(?:[\w-]+\.)*(?:traefik\.io|haproxy\.org|projectcontour\.io)|vault\.hashicorp\.com|eks\.amazonaws\.com|iam\.gke\.io|azure\.workload\.identity)\//;

function scriptStarts(resource: Resource, workspace: Workspace | undefined): readonly number[] {
  if (workspace)
    return containersOf(resource).flatMap(
      container => scriptOf(workspace, resource, container)?.value.span.start ?? [],
    );
  return containersOf(resource)
    .flatMap(container => [...container.value.at('command').items(), ...container.value.at('args').items()])
    .filter(word => word.text?.includes('\n'))
    .map(word => word.span.start);
}
