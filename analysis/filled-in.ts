import type { Resource } from '../manifests/resource';
import type { Place } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';

/**
 * Whether a text has a variable (`${x}`) that something fills in before the manifests are applied, so that what the text
 * will be is not known. kubectl fills in nothing; Flux does, and so does whoever runs envsubst.
 */
export function isFilledIn(workspace: Workspace, text: string | undefined): boolean {
  if (text === undefined || !text.includes('$')) return false;
  return (
    (variable.test(text) && workspace.shared(fillsVariables)) ||
    (bareVariable.test(text) && workspace.lookup(fillers, 'envsubst').length > 0)
  );
}

/** `$NAME`, which only envsubst reads (gettext manual, "Invoking the envsubst program"). */
const bareVariable = /(?<![$\w])\$[A-Za-z_]\w*/;

/** Fluxes `${x:=y}`, `${x:-y}` and `${x/y/z}` as well (fluxcd.io, Kustomization, "Post build variable substitution"). */
const variable = /(?<!\$)\$\{[A-Za-z_]\w*(?:[:/#%=^,-][^{}\n]*)?\}/;

/** The variables of a text that are filled in before it is applied: all that Flux would, or only those of some names. */
export function variablesIn(text: string, names?: readonly string[]): Iterable<RegExpMatchArray> {
  const all = text.matchAll(new RegExp(variable, 'g'));
  return names ? [...all].filter(([whole]) => names.includes(/\w+/.exec(whole)?.[0] ?? '')) : all;
}

/**
 * What tells that variables are filled in: Flux is told to, a script runs a program that does, a default is written as
 * only Flux reads it, a pipeline has a variable by itself, or variables stand in so many fields that no program ever
 * expands that somebody must do it.
 */
function fillsVariables(workspace: Workspace): boolean {
  if (workspace.lookup(fillers, '').length > 0) return true;
  const names = new Set(workspace.lookup(variablesInFields, ''));
  return names.size >= 3 || [...names].some(name => ofPipeline.test(name));
}

/** Variables that GitLab, GitHub, Bitbucket, CircleCI, Travis and Jenkins set in each run (their lists of predefined ones). */
const ofPipeline =
  /^(?:CI_(?:COMMIT|REGISTRY|PROJECT|ENVIRONMENT|PIPELINE|JOB|MERGE_REQUEST)_?\w*|(?:GITHUB|BITBUCKET|CIRCLE|TRAVIS)_\w+|BUILD_(?:NUMBER|ID|TAG)|GIT_(?:COMMIT|BRANCH))$/;

/**
 * The names of the variables that are filled in in a text of a ConfigMap. Flux does it wherever one stands (`all`), unless
 * the object is left out by an annotation (fluxcd.io, Kustomization, "Post build variable substitution"). Whoever fills in
 * those of fields, as envsubst does, does not look where they stand either. Undefined where the text has none.
 */
export function namesFilledIn(
  workspace: Workspace,
  { uri, span }: Place,
  textOf: () => string,
): 'all' | readonly string[] | undefined {
  const isFlux = workspace.lookup(fillers, 'flux').length > 0;
  const names = isFlux ? [] : namesInFields(workspace);
  // Where nobody fills in anything, nobody depends on all of the text.
  if ((!isFlux && names.length === 0) || !variable.test(textOf())) return undefined;
  if (!isFlux) return names;
  const document = workspace
    .file(uri)
    ?.documents.find(one => one.span.start <= span.start && span.start <= one.span.end);
  const annotations = document?.root.at('metadata', 'annotations');
  return annotations?.at('kustomize.toolkit.fluxcd.io/substitute').text === 'disabled' ? undefined : 'all';
}

/** The variables in fields, if somebody fills them in. */
function namesInFields(workspace: Workspace): readonly string[] {
  const names = workspace.lookup(variablesInFields, '');
  return names.length > 0 && workspace.shared(fillsVariables) ? [...new Set(names)].sort() : [];
}

const fillers: Index<true> = {
  name: 'what fills in variables of manifests by itself',
  *textFile({ text }) {
    if (/\b(?:envsubst|gomplate|ytt)\b/.test(text)) yield ['', true];
    if (/\benvsubst\b/.test(text)) yield ['envsubst', true];
  },
  *resource(resource) {
    const isFlux = resource.qualifiedKind === 'Kustomization.kustomize.toolkit.fluxcd.io';
    if (isFlux && resource.root.at('spec', 'postBuild').exists) {
      yield ['', true];
      yield ['flux', true];
    } else if (fieldsWithVariables(resource).some(({ text }) => /\$\{\w+:=/.test(text ?? ''))) yield ['', true];
  },
};

const variablesInFields: Index<string> = {
  name: 'variables in fields that nothing in a cluster expands',
  *resource(resource) {
    for (const { name, text } of fieldsWithVariables(resource)) {
      const variable = fields.has(String(name)) ? /(?<!\$)\$\{([A-Za-z_]\w*)/.exec(text ?? '')?.[1] : undefined;
      if (variable !== undefined) yield ['', variable];
    }
  },
};

/** The single lines with a variable in an object. Lists hold words of commands, and ConfigMaps texts for programs. */
function fieldsWithVariables(resource: Resource): readonly Value[] {
  if (resource.kind === 'ConfigMap' || resource.kind === 'Secret') return [];
  return [...resource.root.scalars(isLineWithVariable)].filter(({ name }) => typeof name === 'string');
}

function isLineWithVariable(text: string): boolean {
  return text.includes('${') && !text.includes('\n');
}

/** Fields of objects that take a name, an image, a host, addresses or an amount. */
const fields: ReadonlySet<string> = new Set(
  'namespace replicas instances image imageName storageClassName storageClass size storage host cpu memory schedule secretName claimName ingressClassName loadBalancerIP cidr database owner'.split(
    ' ',
  ),
);

/** Whether a script replaces a text in the file of a place by `sed` before it applies the file. */
export function isReplacedByScript(workspace: Workspace, { uri }: Place, text: string): boolean {
  const name = workspace.file(uri)?.name;
  return (
    name !== undefined &&
    workspace
      .lookup(sedCommands, text)
      .some(operands => operands.includes(name) || /\$\{?\w|\*|\bfind\b/.test(operands))
  );
}

/** The texts that `sed` looks for in scripts, with the rest of the line, which names the files. */
const sedCommands: Index<string> = {
  name: 'texts that scripts replace by sed',
  *textFile({ text, path }) {
    if (/\.md$/i.test(path) || !/\bsed\b/.test(text) || !/\bkubectl\b/.test(text)) return;
    for (const [line] of text.replace(/\\\r?\n/g, ' ').matchAll(/^(?![ \t]*#).*\bsed\b.*$/gm)) {
      const expressions = [...line.matchAll(/(["'])s([|/,#!~])((?:(?!\2).)+)\2(?:(?!\2).)*\2\w*\1/g)];
      const operands = expressions.reduce((rest, [whole]) => rest.replace(whole, ''), line);
      for (const [, , , searched = ''] of expressions) yield [searched, operands];
    }
  },
};
