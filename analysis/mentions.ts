import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Index, IndexEntry, Workspace } from '../manifests/workspace';
import { workloadKinds } from './pods';
import { referencesOf } from './references';

/**
 * Whether something in the tree names a Secret in another way than by a reference that is known: a script, Helm values,
 * an annotation, a custom resource. Such a mention may be a use, so the Secret cannot be called unused.
 */
export function isSecretMentioned(workspace: Workspace, name: string): boolean {
  return workspace.lookup(mentions, name).length > 0;
}

const mentions: Index<true> = {
  name: 'mentions of Secrets',
  *document(document) {
    const names = new Set<string>();
    if (document.isTemplate || document.isUnread) addWords(document.text, names);
    else if (document.resources.length === 0) addScalars(document.root, none, names);
    for (const resource of document.resources) {
      if (resource.kind === 'Secret') continue;
      if (knownKinds.has(resource.qualifiedKind)) addLines(document, names);
      else
        addScalars(
          resource.root,
          referenceNames([...referencesOf(resource).map(one => one.name), ...ownNames(resource)]),
          names,
        );
    }
    yield* entriesOf(names);
  },
  *textFile(file: SourceFile) {
    if (/\.md$/i.test(file.path)) return;
    const names = new Set<string>();
    for (const line of file.text.split('\n')) if (isAboutSecrets(line)) addWords(line, names);
    yield* entriesOf(names);
  },
};

/** Kinds whose references to Secrets are all known; only their scripts, arguments and annotations are looked at. */
const knownKinds: ReadonlySet<string> = new Set([
  ...workloadKinds,
  'ConfigMap',
  'Service',
  'Ingress',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'PersistentVolumeClaim',
  'Namespace',
  'PrometheusRule.monitoring.coreos.com',
]);

const none: ReadonlySet<number> = new Set();

function referenceNames(names: readonly Value[]): ReadonlySet<number> {
  return new Set(names.map(name => name.sourceSpan.start));
}

/** What a Certificate makes is no use of it, and neither is its own name. */
function ownNames({ root, qualifiedKind }: Resource): readonly Value[] {
  return qualifiedKind === 'Certificate.cert-manager.io'
    ? [root.at('metadata', 'name'), root.at('spec', 'secretName')]
    : [];
}

function addLines(document: ManifestDocument, names: Set<string>): void {
  for (const line of document.linesThat(aboutSecrets)) {
    // What references and objects themselves are called is no further mention.
    const rest = line.replace(/\b(?:name|secretName)["']?:[ ]*["']?[a-z0-9][a-z0-9.-]*["']?/g, '');
    if (isAboutSecrets(rest)) addWords(rest, names);
  }
}

function addScalars(root: Value, known: ReadonlySet<number>, names: Set<string>): void {
  for (const value of root.scalars())
    if (!known.has(value.sourceSpan.start) && value.text !== undefined) addWords(value.text, names);
}

const aboutSecrets = /secret|credential/i;

/** Whether a line speaks of Secrets, comments aside. */
function isAboutSecrets(line: string): boolean {
  return aboutSecrets.test(line) && !/^\s*#/.test(line);
}

function addWords(text: string, names: Set<string>): void {
  for (const [word] of text.matchAll(/[a-z0-9][a-z0-9.-]*[a-z0-9]/g)) if (word.length <= 253) names.add(word);
}

function* entriesOf(names: ReadonlySet<string>): Iterable<IndexEntry<true>> {
  for (const name of names) yield [name, true];
}
