/** The version of the package, filled in when the bundle is built. */
export const version: string = process.env.MATRIX_PREFLIGHT_VERSION ?? '0.0.0';
