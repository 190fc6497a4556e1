import type { Span } from '../../manifests/span';
import type { SedCommand } from './sed-script';
import type { EnvsubstFilter, FilePiece, RunPiece, RunWord, ShellPath } from './shell-values';

/** A step of a script that makes or changes a file of the container in which the script runs. */
export type FileWrite = FileCopy | FileText | FileSubstitution | FileEnvsubst | OpaqueWrite | FileRemoval | ScriptRun;

export interface FileStep {
  readonly to: ShellPath;
  /** The command. */
  readonly span: Span;
  /** It may not happen: it is in `if`, `case`, a `while` loop, or after `||`. */
  readonly conditional: boolean;
  readonly looped: boolean;
  /** Its failure goes unnoticed: `cmd || true`. */
  readonly errorsIgnored: boolean;
}

/** `cp`, `mv`, `install`, `ln`, `cat a > b`. */
export interface FileCopy extends FileStep {
  readonly kind: 'copy';
  readonly from: ShellPath;
  /** Where it lands if `to` is a folder that exists: the script alone does not tell. */
  readonly toInFolder: ShellPath | undefined;
  /** `from` may be a folder; its files then land under `to` with the same names. */
  readonly recursive: boolean;
  /** The source is gone afterwards. */
  readonly moves: boolean;
  /** A link, so that a later change of `from` shows. */
  readonly links: boolean;
}

/** The file's text is written (`write`) or added at its end (`append`). */
export interface FileText extends FileStep {
  readonly kind: 'write' | 'append';
  readonly content: readonly FileContentPiece[];
}

/**
 * A part of a written text: text of the script, a variable that the shell expands there, the content of a file, or
 * the output of a command.
 */
export type FileContentPiece = RunPiece | FilePiece;

/** `sed`: `from` is read, and `to` gets the result. They are the same for `sed -i`. */
export interface FileSubstitution extends FileStep {
  readonly kind: 'substitute';
  readonly from: ShellPath;
  readonly commands: readonly SedCommand[];
}

/** `envsubst < from > to`. */
export interface FileEnvsubst extends FileStep {
  readonly kind: 'envsubst';
  readonly from: ShellPath;
  readonly variables: EnvsubstFilter['variables'];
  /** An undefined variable stays as it stands, instead of becoming nothing. */
  readonly keepsUndefined: boolean;
  readonly tool: string;
}

/** A program whose result is not known writes the file, or files in the folder `to`. */
export interface OpaqueWrite extends FileStep {
  readonly kind: 'opaque';
  readonly tool: string;
  readonly from: ShellPath | undefined;
  /** `to` is a folder in which it makes files. */
  readonly isFolder: boolean;
}

/** `rm`, and `mv` for its source. */
export interface FileRemoval extends FileStep {
  readonly kind: 'remove';
  /** All that is below it goes as well. */
  readonly recursive: boolean;
}

/** Another script is run: `. /lib.sh`, `sh /scripts/render.sh`, `/scripts/render.sh`, `python /scripts/render.py`. */
export interface ScriptRun extends FileStep {
  readonly kind: 'run';
  /** `to` is the script. Any word that may be one is named here: whether there is such a file, the tree tells. */
  readonly language: 'shell' | 'python';
  /** Its arguments, from `$1` on. */
  readonly args: readonly RunWord[];
}

/** What a script does to files. */
export interface FileSteps {
  /** In order. */
  readonly writes: readonly FileWrite[];
  /** What it reads to make something of it: the operands of `cat`, `sed` and the like, in whatever goes into a pipe. */
  readonly reads: readonly ShellPath[];
  /** It starts a program that makes files of templates in a way that is not understood, such as `confd`. */
  readonly rendersUnknown: boolean;
  /** It starts a program of which it is not known whether it makes files. */
  readonly runsUnknown: boolean;
}
