/** Begins the line of the console that says how the tests in a browser have ended. */
export const resultMark = 'matrix-preflight-test-result ';
