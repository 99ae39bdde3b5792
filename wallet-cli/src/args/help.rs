//! What `--help` says after the options: examples for each command, and the exit codes.

pub(crate) const FARTHING: &str = "\
Exit codes:
  0  done
  1  something unexpected, such as a closed output; or doctor found trouble
  2  the command line is wrong
  3  what was asked for cannot be done; nothing was moved
  4  the mint refused
  5  the mint broke its protocol and was not believed
  6  no usable answer from the mint, the site or the proxy; what was begun is kept and finished later
  7  the wallet's file cannot be used
  8  the site answered with an error, refused a payment, or took one without a receipt

Examples:
  farthing init
  farthing mint add https://mint.example --token -
  farthing withdraw 100
  farthing send 5 --memo 'for the article'
  farthing receive cashuB...
  farthing get https://site.example/article --yes --max 5 -o article.html

Amounts are written as the mint's unit is: 1.25 or '1.25 eur' for a unit with two decimals, 5 for
one with none.";

pub(crate) const INIT: &str = "\
Examples:
  farthing init
  farthing --wallet ~/holiday init
  farthing init --restore
  farthing init --restore --phrase-file phrase.txt
  farthing init --passphrase
  farthing init --proxy socks5h://127.0.0.1:9050";

pub(crate) const GET: &str = "\
Examples:
  farthing get https://site.example/article
  farthing get https://site.example/film -o film.mp4 --yes --max 20
  farthing get https://api.example/ask -d @question.json -H 'Content-Type: application/json'

Run the same command again to download it free while the receipt is valid.";

pub(crate) const MINT: &str = "\
Examples:
  farthing mint add https://mint.example
  farthing mint list";

pub(crate) const MINT_ADD: &str = "\
Examples:
  farthing mint add https://mint.example
  farthing mint add https://mint.example --token -
  farthing mint add https://mint.example --token - < api-token.txt

With --token - the API token is asked for, or read from standard input: as an argument others on this
machine could see it.";

pub(crate) const MINT_MOVE: &str = "\
Examples:
  farthing mint move https://old.example https://mint.example

The mint at the new address must show the keys that the wallet knows. Balance, open operations, tokens
that were sent, and history go on there.";

pub(crate) const MINT_LIST: &str = "\
Examples:
  farthing mint list
  farthing mint list --json";

pub(crate) const BALANCE: &str = "\
Examples:
  farthing balance
  farthing balance --json";

pub(crate) const ACCOUNT: &str = "\
Examples:
  farthing account
  farthing account --mint https://mint.example --limit 100
  farthing account --json

It takes an API token with the scope read: farthing mint add URL --token -. The mint learns that the
account was looked at, and nothing of the tokens in the wallet.";

pub(crate) const WITHDRAW: &str = "\
Examples:
  farthing withdraw 100
  farthing withdraw 12.50 --mint https://mint.example";

pub(crate) const SEND: &str = "\
Examples:
  farthing send 10
  farthing send 10 --memo 'for the tea' > token.txt
  farthing send 10 --qr
  farthing send 10 --cashu
  farthing send 10 --lock 3b6a27bc...18b59da29

Anyone who has the token can spend it. Only the owner of the key can spend a locked one.";

pub(crate) const RECEIVE: &str = "\
Examples:
  farthing receive cashuB...
  farthing receive - < token.txt";

pub(crate) const REDEEM: &str = "\
Examples:
  farthing redeem 20
  farthing redeem --all";

pub(crate) const SENT: &str = "\
Examples:
  farthing sent
  farthing sent 7
  farthing sent 7 --qr";

pub(crate) const RECLAIM: &str = "\
Examples:
  farthing reclaim 7

The mint decides who was faster. What comes back is new tokens: the old one is worth nothing then.";

pub(crate) const RECOVER: &str = "\
Examples:
  farthing recover
  farthing recover --json

Every command settles what is open before it begins; this one says at length what it found, and goes
on with a restore that was broken off.";

pub(crate) const TEND: &str = "\
Examples:
  farthing tend
  farthing tend --json
  farthing tend --print
  farthing tend --install

Run it often, by a timer: each hour, at any minute. It mostly does nothing. Once a week, at a moment
drawn in advance, it withdraws what the wallet will need, in bundles that are the same for all members
of the mint, so that the mint cannot tell from a withdrawal who pays next.";

pub(crate) const CANCEL: &str = "\
Examples:
  farthing cancel 12

farthing history lists what is open. The mint decides: what it has done is done, what a site has
redeemed was paid, and the rest comes back.";

pub(crate) const PHRASE: &str = "\
Examples:
  farthing phrase
  farthing phrase --yes --json

It is shown of a damaged file too, if it is still in it.";

pub(crate) const SALVAGE: &str = "\
Examples:
  farthing salvage ~/new-wallet
  farthing salvage ~/new-wallet --phrase-file phrase.txt

The damaged file is not changed. Then, with the new wallet: farthing --wallet ~/new-wallet restore.";

pub(crate) const BUDGET: &str = "\
Examples:
  farthing budget set https://site.example --per-item 3 --per-day 20
  farthing budget list
  farthing budget remove https://site.example";

pub(crate) const SPENT: &str = "\
Examples:
  farthing spent
  farthing spent --days 7";

pub(crate) const HISTORY: &str = "\
Examples:
  farthing history
  farthing history --json";

pub(crate) const KEY: &str = "\
Examples:
  farthing key
  farthing key --mint https://mint.example
  farthing key --qr > key.txt

Each mint has a key of its own. A token of another mint that is locked to it cannot be taken in.

--former shows the one key that wallets had for all mints before. Tokens locked to it are taken in at one
mint alone, the one that is named with it last: a signature made at one mint could be used at another.";

pub(crate) const RESTORE: &str = "\
Examples:
  farthing restore
  farthing restore --mint https://mint.example";

pub(crate) const EXPORT: &str = "\
Examples:
  farthing export wallet.farthing
  farthing export wallet.farthing --file-passphrase secret.txt

The money goes into the file, and this wallet lists it as sent: until another wallet imports the file,
farthing reclaim takes it back. The recovery phrase is not in it: the other wallet has its own.";

pub(crate) const IMPORT: &str = "\
Examples:
  farthing import wallet.farthing

Import only a file that you exported: its budgets allow payments without asking. What this wallet has
otherwise stays as it is. Importing a file twice does no harm.";

pub(crate) const PASSPHRASE: &str = "\
Examples:
  farthing passphrase set
  farthing passphrase change
  farthing passphrase remove
  farthing balance --passphrase-file /run/secrets/wallet

A forgotten passphrase cannot be recovered; restore from the recovery phrase.";

pub(crate) const DOCTOR: &str = "\
Examples:
  farthing doctor
  farthing doctor --json

It asks the mints for public information only, and changes nothing. It exits with 1 when something is
wrong.";

pub(crate) const PROXY: &str = "\
Examples:
  farthing proxy set socks5h://127.0.0.1:9050
  farthing proxy show
  farthing proxy remove
  farthing balance --proxy direct

The saved proxy holds for every command of this wallet, unless --proxy or FARTHING_PROXY names another.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  farthing completions bash > ~/.local/share/bash-completion/completions/farthing
  farthing completions zsh > ~/.zfunc/_farthing
  farthing completions fish > ~/.config/fish/completions/farthing.fish";

pub(crate) const MAN: &str = "\
Examples:
  farthing man | man -l -
  farthing man ~/.local/share/man/man1";
