import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { isUnfinished, type Refusal } from './refusal';

/*
 * Gateways and routes of the Gateway API (gateway-api, apis/v1: the validations that its CustomResourceDefinitions carry,
 * so that the API server refuses the object).
 */

/** What is wrong with a Gateway. */
export function* refusedGateway({ root, name }: Resource): Iterable<Refusal> {
  const [names, places] = [new Set<string>(), new Set<string>()];
  for (const listener of root.at('spec', 'listeners').items()) {
    const own = listener.at('name');
    if (own.string && names.has(own.string))
      yield { at: own, what: `Two listeners of Gateway ${name} have the name ${own.string}`, advice: 'rename one' };
    names.add(own.string ?? '');
    yield* refusedListener(listener);
    const [port, protocol, hostname] = [listener.at('port'), listener.at('protocol').text, listener.at('hostname')];
    const place = `${port.text}/${protocol}/${hostname.text ?? ''}`;
    if (port.exists && protocol !== undefined && !isUnfinished(place) && places.has(place))
      yield {
        at: hostname.exists ? hostname : port,
        what: `Two listeners of Gateway ${name} have the port ${port.text}, the protocol ${protocol} and ${hostname.text ? `the host ${hostname.text}` : 'no host'}`,
        advice: 'keep one, or give them different hosts',
      };
    places.add(place);
  }
}

function* refusedListener(listener: Value): Iterable<Refusal> {
  const protocol = listener.at('protocol');
  const kind = protocol.text?.toUpperCase() ?? '';
  const name = `Listener ${listener.at('name').text}`;
  const [tls, mode, hostname] = [listener.at('tls'), listener.at('tls', 'mode'), listener.at('hostname')];
  if (/^(?:HTTP|TCP|UDP)$/.test(kind) && tls.exists && !tls.isNull)
    yield {
      at: tls,
      what: `${name} of protocol ${kind} cannot have tls`,
      advice: `remove it, or make the protocol ${kind === 'HTTP' ? 'HTTPS' : 'TLS'}`,
    };
  if (/^(?:TCP|UDP)$/.test(kind) && hostname.string)
    yield { at: hostname, what: `${name} of protocol ${kind} cannot have a hostname`, advice: 'remove it' };
  // A listener without it is not refused, but not programmed either (gateway_types.go: "required if … HTTPS or TLS").
  if (/^(?:HTTPS|TLS)$/.test(kind) && (!tls.exists || tls.isNull))
    yield {
      at: protocol,
      what: `${name} of protocol ${kind} has no tls, so it ends no connection`,
      advice: 'add tls with certificateRefs',
    };
  else if (kind === 'HTTPS' && mode.text === 'Passthrough')
    yield {
      at: mode,
      what: `${name} of protocol HTTPS cannot pass TLS through`,
      advice: 'write Terminate, or make the protocol TLS',
      instead: 'Terminate',
    };
  else if (
    /^(?:HTTPS|TLS)$/.test(kind) &&
    mode.text !== 'Passthrough' &&
    tls.at('certificateRefs').items().length === 0 &&
    !tls.at('options').exists
  )
    yield { at: tls, what: `${name} ends TLS and has no certificate`, advice: 'name a Secret under certificateRefs' };
  const from = listener.at('allowedRoutes', 'namespaces', 'from');
  if (from.text === 'Selector' && !listener.at('allowedRoutes', 'namespaces', 'selector').exists)
    yield {
      at: from,
      what: `${name} takes routes by a selector and has none, so it takes no route`,
      advice: 'add selector, or write All or Same',
    };
}

/** What is wrong with a route. */
export function* refusedRoute({ root, kind }: Resource): Iterable<Refusal> {
  for (const rule of root.at('spec', 'rules').items()) {
    for (const backend of rule.at('backendRefs').items()) {
      const isService = (backend.at('kind').text ?? 'Service') === 'Service' && !backend.at('group').text;
      if (isService && backend.at('name').string && !backend.at('port').exists)
        yield {
          at: backend.at('name'),
          what: `The Service ${backend.at('name').text} is named without a port`,
          advice: 'add port',
        };
    }
    if (kind === 'HTTPRoute') yield* refusedRule(rule);
  }
}

const pathTypes = ['Exact', 'PathPrefix', 'RegularExpression'];

function* refusedRule(rule: Value): Iterable<Refusal> {
  for (const match of rule.at('matches').items()) {
    const [type, path] = [match.at('path', 'type'), match.at('path', 'value')];
    if (type.text !== undefined && !isUnfinished(type.text) && !pathTypes.includes(type.text)) {
      const instead = type.text === 'Prefix' ? 'PathPrefix' : type.text === 'RegExp' ? 'RegularExpression' : undefined;
      yield {
        at: type,
        what: `${type.text} is no type of path for an HTTPRoute`,
        advice: `write ${instead ?? pathTypes.join(', ')}`,
        ...(instead && { instead }),
      };
    } else if (path.string && type.text !== 'RegularExpression' && !isUnfinished(path.string)) {
      if (!path.string.startsWith('/'))
        yield {
          at: path,
          what: `The path ${path.string} does not begin with a slash`,
          advice: 'write one before it',
          instead: `/${path.string}`,
        };
      else if (/\/\/|\/\.\.?(?:\/|$)|%2f|#/i.test(path.string))
        yield {
          at: path,
          what: `The path ${path.string} has //, /./, /../, %2f or # in it`,
          advice: 'write it without',
        };
    }
  }
  const filters = rule.at('filters').items();
  const redirect = filters.find(one => one.at('type').text === 'RequestRedirect');
  if (redirect && rule.at('backendRefs').items().length > 0)
    yield {
      at: redirect.at('type'),
      what: 'A rule that redirects cannot have backendRefs',
      advice: 'make two rules of it',
    };
  if (redirect && filters.some(one => one.at('type').text === 'URLRewrite'))
    yield {
      at: redirect.at('type'),
      what: 'A rule cannot both redirect and rewrite',
      advice: 'remove one of the filters',
    };
}
