//! Making the request of a message. Everything that needs the network, the links and the uploads of its media, happens
//! here, before the call is claimed: the exact request is known and kept before a byte of it leaves.

use std::sync::Arc;

use domain::address::Address;
use domain::attempt::AttemptReference;
use domain::content::{Content, MediaSource};
use domain::ids::MediaId;
use domain::options::SendOptions;
use domain::refusal::{Failure, RefusalKind};
use providers::{Call, Outbound, Prepared, Provider, Refusal};
use store::StoreError;
use store::outbox::Ready;

use crate::core::Core;
use crate::media::exchange::{self, Exchanged, NotExchanged};
use crate::media::header;

/// A request that can be made.
#[derive(Debug)]
pub(super) struct Made {
    /// The request.
    pub(super) prepared: Prepared,
    /// Where it differs from the message, and why.
    pub(super) note: Option<String>,
    /// The media of ours that it names.
    pub(super) media: Vec<Exchanged>,
}

/// Why there is no request; nothing was sent.
#[derive(Debug)]
pub(super) enum NotMade {
    /// None can be made.
    Refused(Refusal),
    /// A medium of it is still on its way to the provider.
    Later,
}

/// Makes the request, or says why there is none.
pub(super) async fn make(
    core: &Core,
    provider: &Arc<dyn Provider>,
    ready: &Ready,
) -> Result<Result<Made, NotMade>, StoreError> {
    let read = || -> Result<(Content, SendOptions, Address), Failure> {
        let content = content(ready)?;
        let options =
            SendOptions::from_stored(ready.options.as_deref()).map_err(|error| unsendable(error.to_string()))?;
        let to = Address::from_stored(&ready.address_kind, &ready.address)
            .ok_or_else(|| unsendable("the stored address cannot be read".to_owned()))?;
        Ok((content, options, to))
    };
    let (mut content, options, to) = match read() {
        Ok(read) => read,
        Err(failure) => return Ok(Err(NotMade::Refused(for_good(failure)))),
    };
    // In the sandbox nothing leaves the house, not even a look.
    let header = if ready.simulated { None } else { header::secure(core, ready.account, &mut content).await? };
    let media = match exchange_all(core, provider, ready, &mut content).await {
        Ok(media) => media,
        Err(NotExchanged::Refused(refusal)) => return Ok(Err(NotMade::Refused(refusal))),
        Err(NotExchanged::UnderWay) => return Ok(Err(NotMade::Later)),
        Err(NotExchanged::Store(error)) => return Err(error),
    };
    let reference = AttemptReference {
        installation: core.installation.to_string(),
        account: ready.account,
        message: ready.message,
        number: ready.attempts + 1,
    };
    let outbound = Outbound { reference, to, content, context: ready.context.clone(), options };
    let prepared = provider.prepare(&Call { messages: vec![outbound] });
    Ok(prepared
        .map(|prepared| Made { prepared, note: note(ready, header), media })
        .map_err(|refused| NotMade::Refused(for_good(unsendable(refused.to_string())))))
}

/// What is to be sent: what was stored, in the language that was chosen after a refusal.
fn content(ready: &Ready) -> Result<Content, Failure> {
    let mut content = Content::from_stored(&ready.content).map_err(|error| unsendable(error.to_string()))?;
    if let (Content::Template(template), Some(language)) = (&mut content, &ready.language) {
        template.set_language(language);
    }
    Ok(content)
}

fn note(ready: &Ready, header: Option<String>) -> Option<String> {
    let language = ready.language.as_ref().map(|language| {
        format!("Sent in the language `{language}`: the provider does not know the template in the one asked for.")
    });
    let notes: Vec<String> = [language, header].into_iter().flatten().collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// Puts the provider's id where the message names a medium of ours.
async fn exchange_all(
    core: &Core,
    provider: &Arc<dyn Provider>,
    ready: &Ready,
    content: &mut Content,
) -> Result<Vec<Exchanged>, NotExchanged> {
    let mut used = Vec::new();
    for place in content.media_mut() {
        let MediaSource::Id(id) = &place.media.source else { continue };
        let Some(media) = MediaId::parse_public(id) else { continue };
        let key = (ready.account, media, ready.sender);
        let exchanged = if ready.simulated {
            exchange::rehearse(core, provider.as_ref(), key).await?
        } else {
            exchange::exchange(core, provider, key).await?
        };
        place.media.source = MediaSource::Id(exchanged.provider_id().to_owned());
        used.push(exchanged);
    }
    Ok(used)
}

fn for_good(failure: Failure) -> Refusal {
    Refusal { failure, retry_after: None }
}

fn unsendable(reason: String) -> Failure {
    Failure {
        code: "not_supported_by_provider".to_owned(),
        kind: RefusalKind::Permanent,
        reason,
        remedy: "Send it in a form that this provider supports, or over another sender.".to_owned(),
    }
}
