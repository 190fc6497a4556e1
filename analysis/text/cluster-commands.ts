import type { Span } from '../../manifests/span';
import type { ContentPiece, RunWord, ShellPath } from './shell-values';

/** A command that makes, applies or asks for objects of a cluster. */
export type ClusterCommand =
  | KubectlCreate
  | KubectlApply
  | KubectlWait
  | KubectlLabel
  | KubectlPatch
  | KubectlQuery
  | HelmInstall
  | HelmRepository
  | PasswordFile;

export interface ClusterCommandContext {
  /** The command. */
  readonly span: Span;
  readonly conditional: boolean;
  readonly looped: boolean;
  readonly errorsIgnored: boolean;
}

/** `kubectl create secret|configmap|namespace|job …`. */
export interface KubectlCreate extends ClusterCommandContext {
  readonly kind: 'create';
  /** The kind as Kubernetes spells it, where it is a common one: `Secret`, `ConfigMap`, `Namespace`. */
  readonly resource: string;
  /** `generic`, `tls` or `docker-registry`, for a Secret. */
  readonly type: string | undefined;
  readonly name: RunWord;
  readonly namespace: RunWord | undefined;
  /** The keys, never the values. */
  readonly keys: readonly CreatedKey[];
  /** All keys are in `keys`: nothing comes from a folder or from an env file. */
  readonly hasAllKeys: boolean;
  /** `--from=cronjob/x`. */
  readonly from: KubectlTarget | undefined;
  /** False for a `--dry-run` whose output nobody applies. */
  readonly happens: boolean;
}

export interface CreatedKey {
  readonly key: string;
  readonly span: Span;
  readonly from: 'literal' | 'file' | 'option';
  /** The file whose content it gets. */
  readonly path: ManifestPath | undefined;
}

/** `kubectl apply|create|replace|delete -f …`. */
export interface KubectlApply extends ClusterCommandContext {
  readonly kind: 'apply';
  readonly verb: 'apply' | 'create' | 'replace' | 'delete';
  /** The files and folders of `-f`, and those that are piped in. */
  readonly files: readonly ManifestPath[];
  /** The folders of `-k`. */
  readonly kustomizations: readonly ManifestPath[];
  /** What is piped in for `-f -`. */
  readonly manifest: readonly ContentPiece[] | undefined;
  readonly recursive: boolean;
  /** Nothing is changed: `--dry-run`. */
  readonly isDryRun: boolean;
  readonly namespace: RunWord | undefined;
  readonly selector: RunWord | undefined;
}

/** A path in a deployment tree. */
export interface ManifestPath {
  readonly path: string;
  /**
   * What it is relative to: the folder of the script, the folder in which the script is started, a folder that the
   * script does not tell (`"$DIR/x"` with `path` being `x`), or nothing (`/x`, a URL).
   */
  readonly base: 'script' | 'working-directory' | 'unknown' | 'absolute' | 'url';
  readonly certainty: ShellPath['certainty'];
  readonly hasGlob: boolean;
  readonly span: Span;
}

/** `kubectl wait` and `kubectl rollout status`. */
export interface KubectlWait extends ClusterCommandContext {
  readonly kind: 'wait';
  readonly verb: 'wait' | 'rollout';
  /** `--for`, such as `condition=complete`. */
  readonly for: RunWord | undefined;
  readonly targets: readonly KubectlTarget[];
  readonly selector: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  readonly allNamespaces: boolean;
  readonly timeout: RunWord | undefined;
}

/** `job/name`, `job name`, or all of a kind. */
export interface KubectlTarget {
  /** As typed, in lower case: `job`, `deploy`, `pods`. A name alone is of kind `pod`, where kubectl takes it so. */
  readonly resource: string;
  readonly name: RunWord | undefined;
  readonly span: Span;
}

/** `kubectl label` and `kubectl annotate`. */
export interface KubectlLabel extends ClusterCommandContext {
  readonly kind: 'label';
  readonly verb: 'label' | 'annotate';
  readonly targets: readonly KubectlTarget[];
  readonly selector: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  /** `value` is undefined for `key-`, which removes. */
  readonly labels: readonly { readonly key: string; readonly value: string | undefined; readonly span: Span }[];
}

export interface KubectlPatch extends ClusterCommandContext {
  readonly kind: 'patch';
  readonly targets: readonly KubectlTarget[];
  readonly namespace: RunWord | undefined;
  /** `merge`, `json` or `strategic`. */
  readonly type: string;
  readonly patch: RunWord | undefined;
}

/** Any other kubectl command that names objects: `get`, `logs`, `exec`, `delete job/x`, `scale`, `rollout restart`. */
export interface KubectlQuery extends ClusterCommandContext {
  readonly kind: 'query';
  readonly verb: string;
  /** `-c`, for the commands about a container. */
  readonly container: RunWord | undefined;
  readonly targets: readonly KubectlTarget[];
  readonly selector: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  readonly allNamespaces: boolean;
}

/** `helm install` and `helm upgrade --install`. */
export interface HelmInstall extends ClusterCommandContext {
  readonly kind: 'helm';
  readonly verb: 'install' | 'upgrade' | 'template';
  readonly release: RunWord | undefined;
  readonly chart: RunWord;
  /** `--repo`. */
  readonly repository: RunWord | undefined;
  readonly version: RunWord | undefined;
  readonly namespace: RunWord | undefined;
  readonly createNamespace: boolean;
  readonly values: readonly ManifestPath[];
  readonly sets: readonly { readonly key: string; readonly value: string; readonly span: Span }[];
}

/** `helm repo add NAME URL`. */
export interface HelmRepository extends ClusterCommandContext {
  readonly kind: 'helm-repository';
  readonly name: RunWord;
  readonly url: RunWord | undefined;
}

/** `htpasswd FILE USER`. */
export interface PasswordFile extends ClusterCommandContext {
  readonly kind: 'htpasswd';
  readonly file: ManifestPath;
  readonly user: RunWord | undefined;
  /** `-c`: an existing file is written anew. */
  readonly creates: boolean;
}
