/** Set by the build (scripts/build.js). */
declare const SOTAD_VERSION: string | undefined;
declare const SOTAD_BUILD_MILLISECONDS: number | undefined;

/** Version of the product; `development` where it runs without a build. */
export const sotadVersion = typeof SOTAD_VERSION === 'undefined' ? 'development' : SOTAD_VERSION;

/** When its sources were last changed, milliseconds since the epoch: it can't be earlier than that now. */
export const buildMilliseconds = typeof SOTAD_BUILD_MILLISECONDS === 'undefined' ? 0 : SOTAD_BUILD_MILLISECONDS;
