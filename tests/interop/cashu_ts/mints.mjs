// The two mints, by their doors for Cashu wallets.

const { FOLDER, SAT_URL, OTHER_URL } = process.env;

/** The mint that most scenarios are about. It takes no fees. */
export const SAT = { name: "sat", url: `${SAT_URL}/cashu`, folder: `${FOLDER}/sat` };

/** Another, which takes a tenth of a unit for each input. */
export const OTHER = { name: "other", url: `${OTHER_URL}/cashu`, folder: `${FOLDER}/other` };
