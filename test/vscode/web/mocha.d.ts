// The build of mocha for browsers, which makes `mocha` global.
declare module 'mocha/mocha.js';
