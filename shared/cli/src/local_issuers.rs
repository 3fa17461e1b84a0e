//! The issuers of a local door: tokens that say, and are signed, as those of the project's issuers.

use doorward_config::{Algorithm, Config, Issuer, TokenKind, jwks_url_variable};
use doorward_emulator::{IssuerSpec, SigningAlgorithm, TokenShape};

/// A local issuer stands in for each of the project's: tokens say exactly what theirs would.
pub(crate) fn of(config: &Config) -> Vec<IssuerSpec> {
    config.issuers.iter().map(spec).collect()
}

fn spec(issuer: &Issuer) -> IssuerSpec {
    IssuerSpec {
        name: issuer.name.clone(),
        variable: jwks_url_variable(&issuer.name),
        issuer: issuer.issuer.clone(),
        audience: issuer.audiences.first().cloned().unwrap_or_default(),
        groups: issuer.principal.groups.clone(),
        tokens: match issuer.tokens {
            TokenKind::Jwt => TokenShape::Standard,
            TokenKind::AccessToken => TokenShape::AccessToken,
            TokenKind::Cognito => TokenShape::Cognito,
        },
        algorithm: algorithm(issuer),
    }
}

/// One that the issuer's tokens may be signed with: RS256 for a user pool, as Cognito signs; else one whose key is made at
/// once, and only then one of RSA.
fn algorithm(issuer: &Issuer) -> SigningAlgorithm {
    let declared = |algorithm: &Algorithm| issuer.algorithms.contains(algorithm);
    let usual = [Algorithm::RS256].into_iter().filter(|_| issuer.tokens == TokenKind::Cognito);
    let quick = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::ES384];
    let mut all = usual.chain(quick).chain(Algorithm::ALL);
    all.find(declared).map_or_else(SigningAlgorithm::default, signing)
}

fn signing(algorithm: Algorithm) -> SigningAlgorithm {
    match algorithm {
        Algorithm::RS256 => SigningAlgorithm::Rs256,
        Algorithm::RS384 => SigningAlgorithm::Rs384,
        Algorithm::RS512 => SigningAlgorithm::Rs512,
        Algorithm::PS256 => SigningAlgorithm::Ps256,
        Algorithm::PS384 => SigningAlgorithm::Ps384,
        Algorithm::PS512 => SigningAlgorithm::Ps512,
        Algorithm::ES256 => SigningAlgorithm::Es256,
        Algorithm::ES384 => SigningAlgorithm::Es384,
        Algorithm::EdDSA => SigningAlgorithm::EdDsa,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tokens: &str, algorithms: &str, expected: &str) {
        let text = format!(
            "[door]\nname = 'd'\ntable = 't'\n[[issuers]]\nname = 'main'\nissuer = 'https://id.example/'\n\
             audiences = ['api']\nalgorithms = [{algorithms}]\ntokens = '{tokens}'\n\
             principal = {{ type = 'User', id = 'sub' }}\n"
        );
        let config = doorward_config::parse("doorward.toml", &text).unwrap();
        let [spec] = of(&config).try_into().unwrap();
        assert_eq!(spec.algorithm.word(), expected);
    }

    #[test]
    fn tokens_are_signed_as_their_issuer_declares() {
        for algorithm in Algorithm::ALL.map(Algorithm::word) {
            for tokens in ["jwt", "at+jwt", "cognito"] {
                check(tokens, &format!("'{algorithm}'"), algorithm);
            }
        }
        let all = Algorithm::ALL.map(|algorithm| format!("'{}'", algorithm.word())).join(", ");
        check("jwt", &all, "ES256");
        check("cognito", &all, "RS256");
        check("jwt", "'PS512', 'RS256', 'EdDSA'", "EdDSA");
    }
}
