import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { type Environment, environmentOf } from '../environment';
import { type Container, containersOf } from '../pods';
import { commandAsScript, scriptOf } from '../scripts';
import { httpAndTcpTargets, postgresClients } from '../text/network-targets';
import { psqlCalls } from '../text/psql-calls';
import { readShell } from '../text/shell';
import type { RunWord } from '../text/shell-values';
import { type Address, defaultPort, isTlsScheme } from './address';
import { variableText } from './environment-values';

/** The hosts that the scripts of a workload's containers, and those of their probes, connect to. */
export function fromScripts(workspace: Workspace, resource: Resource): readonly Address[] {
  return containersOf(resource).flatMap(container => {
    const environment = environmentOf(workspace, resource, container);
    const script = scriptOf(workspace, resource, container);
    const command = script ? undefined : commandAsScript(container);
    const texts: Script[] = script
      ? [{ text: script.text, name: `the script of ${describe(container)}` }]
      : command
        ? [{ text: command, name: `the command of ${describe(container)}` }]
        : [];
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const words = container.value.at(probe, 'exec', 'command').items();
      const inline = words.findIndex(word => /^-\w*c$/.test(word.text ?? ''));
      const text = words[inline + 1];
      if (inline > 0 && text?.text) texts.push({ text: text.mapped, name: `the ${probe} of ${describe(container)}` });
    }
    return texts.flatMap(one => fromScript(workspace, resource, environment, one));
  });
}

interface Script {
  readonly text: MappedText;
  readonly name: string;
}

/** The hosts that the commands of a shell script connect to, with the variables that the container gives it. */
export function fromScript(
  workspace: Workspace,
  resource: Resource,
  environment: Environment,
  { text, name }: Script,
): readonly Address[] {
  if (!mayConnect.test(text.text)) return [];
  const script = readShell(text.text);
  const said = new Set<string>();
  const found: Address[] = [];
  const add = (program: string, host: RunWord, port: RunWord | undefined, scheme: string | undefined): void => {
    const hostText = textOf(workspace, resource, environment, host);
    if (hostText === undefined || !/[a-z]/i.test(hostText)) return;
    const portText = port && textOf(workspace, resource, environment, port);
    const number = portText !== undefined && /^\d{1,5}$/.test(portText) ? Number(portText) : undefined;
    const standard = port === undefined ? (defaultPort(scheme) ?? programPorts.get(program)) : undefined;
    const key = `${hostText} ${number ?? standard}`;
    if (said.has(key)) return;
    said.add(key);
    const isWritten = (word: RunWord, what: string): boolean =>
      text.text.slice(word.span.start, word.span.end) === what;
    found.push({
      host: hostText,
      port: number ?? standard,
      protocol: program === '/dev/udp' ? 'UDP' : 'TCP',
      tls: isTlsScheme(scheme === undefined ? undefined : { value: scheme })
        ? text.place(host.span.start, host.span.end)
        : undefined,
      name: `${program} in ${name}`,
      at: text.place(host.span.start, host.span.end),
      portAt: port && isWritten(port, String(number)) ? text.place(port.span.start, port.span.end) : undefined,
      isLiteral: isWritten(host, hostText),
      isHostField: true,
      connects: true,
      importance: 'required',
    });
  };
  for (const target of httpAndTcpTargets(script)) {
    if (!target.remote) add(target.program, target.host, target.port, target.scheme);
  }
  for (const call of /\bpsql\b|\bpg_|db\b|user\b/.test(text.text) ? psqlCalls(script) : []) {
    if (!call.remote && call.host) add(call.program, call.host.value, call.port?.value, undefined);
  }
  return found;
}

/** What a script that connects to something has somewhere in it; most scripts need not be read at all. */
const mayConnect =
  /\b(?:nc|ncat|netcat|telnet|redis-cli|psql|pg_\w+|createdb|createuser|dropdb|dropuser|curl|wget|openssl|socat|wait-for\S*|dockerize|mc|mcli|git|rclone|aws|grpcurl|\S*register_new_matrix_user|http|xh|restic|s3cmd|amtool|logcli|websocat|hey|vacuumdb|reindexdb|pgbench|nslookup|getent|host|dig|ping)["']?\s|\/dev\/(?:tcp|udp)\//;

/** The text of a word with the container's variables; undefined if some of it is not known. */
function textOf(workspace: Workspace, resource: Resource, environment: Environment, word: RunWord): string | undefined {
  let isKnown = true;
  const text = word.value.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const variable = environment.variables.get(name);
    const found = variable && variableText(workspace, resource, variable);
    if (!found) isKnown = false;
    return found?.text ?? '';
  });
  return isKnown && !/[$`\s]/.test(text) && text !== '' ? text : undefined;
}

/** What programs connect to unless told otherwise. */
const programPorts: ReadonlyMap<string, number> = new Map([
  ...[...postgresClients, 'pg_isready'].map(program => [program, 5432] as const),
  ['redis-cli', 6379],
  ['telnet', 23],
]);

function describe({ isInit, name }: Container): string {
  return `${isInit ? 'init container' : 'container'} ${name}`;
}
