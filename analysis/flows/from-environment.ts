import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { type EnvironmentVariable, environmentOf } from '../environment';
import { type Container, containersOf } from '../pods';
import { scriptOf } from '../scripts';
import { findHosts } from '../text/hosts';
import { type Address, defaultPort, isOtherDatabasePort, isTlsScheme, portOfName, textPlace } from './address';
import { resolveHost, servicePort } from './destinations';
import { type VariableText, variableText } from './environment-values';

/** The hosts in the environment of a workload's containers. */
export function fromEnvironment(workspace: Workspace, resource: Resource): readonly Address[] {
  return containersOf(resource).flatMap(container => fromContainer(workspace, resource, container));
}

function fromContainer(workspace: Workspace, resource: Resource, container: Container): readonly Address[] {
  const { variables } = environmentOf(workspace, resource, container);
  const script = scriptOf(workspace, resource, container)?.text.text;
  const textOf = (name: string): VariableText | undefined => {
    const variable = variables.get(name);
    return variable && variableText(workspace, resource, variable);
  };
  return [...variables.values()].flatMap(variable => {
    const found = variableText(workspace, resource, variable);
    if (!found) return [];
    const connects = script === undefined || mayUse(script, variable.name);
    return [
      ...named(workspace, resource, variable, found, textOf, connects),
      ...written(variable, found, textOf, connects),
    ];
  });
}

/** Names of variables that hold a host: `X_HOST`. */
const hostName = /^(.*?)_?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$/;

/** `X_HOST` with its `X_PORT`. */
function named(
  workspace: Workspace,
  resource: Resource,
  variable: EnvironmentVariable,
  found: VariableText,
  textOf: (name: string) => VariableText | undefined,
  connects: boolean,
): readonly Address[] {
  const stem = hostName.exec(variable.name)?.[1];
  const isPlainHost = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?$/i.test(found.text) && /[a-z]/i.test(found.text);
  if (stem === undefined || variable.name === 'HOSTNAME' || isPublicName(variable.name) || !isPlainHost) return [];
  const port = portBeside(stem, textOf);
  const number = port && /^\d{1,5}$/.test(port.text) ? Number(port.text) : undefined;
  return [
    {
      host: found.text,
      port: number ?? (port ? undefined : usualPort(workspace, resource, stem, found.text)),
      protocol: 'TCP',
      name: `variable ${variable.name}`,
      at: placeOf(variable, found),
      portAt: number === undefined || !port?.isLiteral || !port.value ? undefined : textPlace(port.value),
      isLiteral: found.isLiteral && found.value !== undefined,
      isHostField: /HOST$/.test(variable.name),
      connects,
      importance: 'required',
    },
  ];
}

/**
 * The port that a program takes where it is told none. `DB_HOST` says nothing of which database it is: where its Service
 * has the port of another one, that one is meant.
 */
function usualPort(workspace: Workspace, resource: Resource, stem: string, host: string): number | undefined {
  const port = portOfName(stem);
  if (port !== 5432 || /postgres|pg/i.test(stem)) return port;
  const destination = resolveHost(workspace, resource.namespace, host);
  if (destination.kind !== 'service') return portOfName(host) ?? port;
  if (servicePort(destination.service, port)) return port;
  return destination.service.ports.find(own => isOtherDatabasePort(own.port))?.port ?? port;
}

/** The variable `X_PORT` or `XPORT` that goes with `X_HOST`. */
function portBeside(stem: string, textOf: (name: string) => VariableText | undefined): VariableText | undefined {
  return textOf(stem === '' ? 'PORT' : `${stem}_PORT`) ?? textOf(`${stem}PORT`);
}

/** URLs and `host:port` in a value. Where a port of its own is given beside a URL, the URL's scheme tells none. */
function written(
  variable: EnvironmentVariable,
  found: VariableText,
  textOf: (name: string) => VariableText | undefined,
  connects: boolean,
): readonly Address[] {
  const stem = hostName.exec(variable.name)?.[1];
  const hasOwnPort = stem !== undefined && portBeside(stem, textOf) !== undefined;
  return findHosts(found.text).map(({ host, port, scheme, form }) => ({
    host: host.value,
    port: port?.number ?? (hasOwnPort ? undefined : defaultPort(scheme?.value)),
    protocol: 'TCP',
    tls: isTlsScheme(scheme) ? partPlace(variable, found, scheme.span) : undefined,
    name: `variable ${variable.name}`,
    at: partPlace(variable, found, host.span),
    portAt: port && found.value && found.isLiteral ? found.value.part(port.span.start, port.span.end) : undefined,
    isLiteral: found.isLiteral && found.value !== undefined,
    isHostField: form === 'url',
    connects: connects && !isPublicName(variable.name),
    importance: 'required',
  }));
}

/** A part of the text where it can be pointed at, else where the variable gets it. */
function partPlace(variable: EnvironmentVariable, found: VariableText, { start, end }: Span): Place {
  return found.value && found.isLiteral ? found.value.part(start, end) : placeOf(variable, found);
}

/** The text itself where it can be pointed at, without the quotes around it. */
function placeOf(variable: EnvironmentVariable, { value, isLiteral }: VariableText): Place {
  return value && isLiteral ? textPlace(value) : (value ?? variable.at.at('name'));
}

/** Names of variables that say how others reach the program. */
function isPublicName(name: string): boolean {
  return /(?:^|_)(?:PUBLIC|EXTERNAL|ADVERTISED?|ANNOUNCED?|LISTEN|BIND|ALLOWED|ORIGINS?|NO_PROXY)(?:_|$)/i.test(name);
}

/** Whether a script uses a variable, or starts a program that may. */
function mayUse(script: string, name: string): boolean {
  return (
    new RegExp(`\\$\\{?${name}\\b`).test(script.replace(forOthers, ' ')) ||
    /\b(?:python\d?|gunicorn|uvicorn|celery|node|npm|java|ruby|php|perl|exec)\b/.test(script)
  );
}

/** What psql hands to the server, as the connection of a subscription: not psql connects there, but the server. */
const forOthers = /\bCONNECTION\s+'[^']*'|\s(?:-v|--set|--variable)[ =]["']?\w+=["']?[^"'\n]*["']?/gi;
