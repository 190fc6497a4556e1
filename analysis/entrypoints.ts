import { imageName } from './images';
import type { Container } from './pods';

/**
 * Whether an image of somebody else than the program's publisher may make the configuration from the container's
 * variables as it starts, as such images mostly do. With `command` its entrypoint does not run.
 */
export function mayFillFromVariables(container: Container, variable?: string): boolean {
  const { value } = container;
  if (value.at('command').exists || publishers.test(imageName(container.image))) return false;
  const names = value
    .at('env')
    .items()
    .flatMap(one => one.at('name').text ?? []);
  return value.at('envFrom').exists || (variable === undefined ? names.length > 0 : names.includes(variable));
}

/** Images whose entrypoints take files as they are. */
const publishers =
  /(?:^|\/)(?:coturn\/coturn|(?:matrixdotorg|element-hq|matrix-org|vectorim|livekit|clamav|minio)\/[\w.-]+|(?:redis|valkey|haproxy|nginx|postgres|synapse|element-web|livekit-server|sygnal)(?:-[\w-]+)?)$/;
