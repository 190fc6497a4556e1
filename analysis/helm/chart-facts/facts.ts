/** A condition on a value of the chart: its path and the text that it has to have, or with `!` must not have. */
export type Condition = readonly [path: string, text: string];

/** An object that a chart makes. */
export interface ChartObject {
  readonly kind: 'Service' | 'Secret';
  /** `{}` stands for what the chart calls its full name, and `{release}` for the name of the release. */
  readonly name: string;
  /** The chart below this one that makes the object; `{}` is then its full name, and its values are those below its name. */
  readonly part?: string;
  /** All of them have to hold. */
  readonly when?: readonly Condition[];
  /** The ports of a Service: paths of values, of which an empty one stands for none, and numbers; undefined where they are not known. */
  readonly ports?: readonly (string | number)[];
  readonly isHeadless?: boolean;
  /** The keys of a Secret, where all of them are known. */
  readonly keys?: readonly string[];
}

/** An object that a chart is told to use and does not make. */
export interface ChartReference {
  readonly kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim';
  /** The path of the name; `*` stands for every item of a list or a mapping. */
  readonly path: string;
  /** The paths of values that win over this one, where they are set. */
  readonly unless?: readonly string[];
  readonly when?: readonly Condition[];
  readonly keys?: readonly ReferencedKey[];
}

export interface ReferencedKey {
  /** The path of the key's name, from the mapping in which the name of the object stands. */
  readonly path?: string;
  /** The key that is read where the path is not set. */
  readonly fallback?: string;
  readonly when?: readonly Condition[];
}

/** A place in the values of a chart that holds the address of another program. */
export interface ChartAddress {
  readonly path: string;
  /** Where the port stands, if not behind the host. */
  readonly port?: string;
  readonly defaultPort?: number;
  /** `url` where a whole address stands, `host` where nothing but a host can. */
  readonly form: 'host' | 'url';
  readonly when?: readonly Condition[];
}

export interface ChartFacts {
  readonly chart: string;
  /** Found in the repository's URL or in the name by which it is referred to. */
  readonly repository: RegExp;
  /** The first and the last major version of which this is true. */
  readonly versions: readonly [first: number, last: number];
  /** How many letters a full name has at most, if not 63. */
  readonly nameLength?: number;
  /** Whether other programs are usually installed into its namespace. */
  readonly isBesideOthers?: true;
  /** What the values are that decide something, where nobody sets them. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Values with which more, or something else, is made than the table knows. */
  readonly opaque?: readonly string[];
  /** Undefined for charts whose objects are not listed. */
  readonly objects?: readonly ChartObject[];
  /** The kinds of which the chart makes none under its name but those listed. */
  readonly complete?: readonly ('Service' | 'Secret')[];
  /** Names that the chart gives to objects which are not listed. */
  readonly possible?: RegExp;
  readonly references?: readonly ChartReference[];
  readonly addresses?: readonly ChartAddress[];
}
