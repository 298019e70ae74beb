//! Reflection, in both versions of its protocol: what services and messages there are, for clients without generated code.
//!
//! What is not there is said within the stream, as the protocol has it, and the stream stays open: a client looks for many
//! names, and some are not there.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{
    ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse, ListServiceResponse, ServerReflectionRequest,
    ServerReflectionResponse, ServiceResponse,
};
use tonic_reflection::pb::{v1, v1alpha};

use super::shutdown::Ended;
use crate::proto;

/// Everything that is described.
const DESCRIBED: [&[u8]; 4] =
    [proto::DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET, v1::FILE_DESCRIPTOR_SET, v1alpha::FILE_DESCRIPTOR_SET];

/// The files that describe the services, and where each name is.
#[derive(Debug, Default)]
struct Described {
    /// Each file, encoded, by its name.
    files: BTreeMap<String, Vec<u8>>,
    /// The file of each name that can be asked for.
    symbols: BTreeMap<String, String>,
    /// The messages among them.
    messages: Vec<String>,
    services: Vec<String>,
}

/// Reflection until the server ends. Clones answer from the same files.
#[derive(Clone, Debug)]
pub(super) struct Reflection {
    described: Arc<Described>,
    ended: Ended,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Reflection {
    pub(super) fn new(ended: Ended) -> Reflection {
        let mut described = Described::default();
        for set in DESCRIBED {
            let set = FileDescriptorSet::decode(set).expect("the descriptors were made by a build");
            set.file.into_iter().for_each(|file| described.take_in(&file));
        }
        Reflection { described: Arc::new(described), ended }
    }

    /// Answers each question of a stream until its caller or the server ends it.
    fn answers<Asked, Told>(
        &self,
        asked: Request<Streaming<Asked>>,
        answer: impl Fn(&Described, Asked) -> Result<Told, Status> + Send + 'static,
    ) -> Response<Answers<Told>>
    where
        Asked: Send + 'static,
        Told: 'static,
    {
        let (described, mut ended) = (Arc::clone(&self.described), self.ended.clone());
        let questions = asked.into_inner().take_until(async move { ended.wait().await });
        Response::new(Box::pin(questions.map(move |asked| answer(&described, asked?))))
    }
}

impl Described {
    fn take_in(&mut self, file: &FileDescriptorProto) {
        let name = file.name();
        if self.files.insert(name.to_owned(), file.encode_to_vec()).is_some() {
            // The same file came with another set.
            return;
        }
        let package = file.package();
        file.message_type.iter().for_each(|message| self.message(name, package, message));
        file.enum_type.iter().for_each(|values| self.values(name, package, values));
        for service in &file.service {
            let full = within(package, service.name());
            service.method.iter().for_each(|method| self.symbol(name, within(&full, method.name())));
            self.services.push(full.clone());
            self.symbol(name, full);
        }
    }

    fn message(&mut self, file: &str, scope: &str, message: &DescriptorProto) {
        let full = within(scope, message.name());
        message.field.iter().for_each(|field| self.symbol(file, within(&full, field.name())));
        message.oneof_decl.iter().for_each(|choice| self.symbol(file, within(&full, choice.name())));
        message.nested_type.iter().for_each(|nested| self.message(file, &full, nested));
        message.enum_type.iter().for_each(|values| self.values(file, &full, values));
        self.messages.push(full.clone());
        self.symbol(file, full);
    }

    /// An enum, and its values, whose scope is that of the enum.
    fn values(&mut self, file: &str, scope: &str, values: &EnumDescriptorProto) {
        self.symbol(file, within(scope, values.name()));
        values.value.iter().for_each(|value| self.symbol(file, within(scope, value.name())));
    }

    fn symbol(&mut self, file: &str, full: String) {
        self.symbols.insert(full, file.to_owned());
    }

    fn answer(&self, asked: ServerReflectionRequest) -> ServerReflectionResponse {
        let found = match &asked.message_request {
            Some(MessageRequest::FileByFilename(name)) => self.file(name).ok_or_else(|| missing("file", name)),
            Some(MessageRequest::FileContainingSymbol(name)) => {
                let found = self.symbols.get(name).and_then(|file| self.file(file));
                found.ok_or_else(|| missing("symbol", name))
            }
            // None of the messages here has extensions.
            Some(MessageRequest::FileContainingExtension(of)) => Err(missing("extension of", &of.containing_type)),
            Some(MessageRequest::AllExtensionNumbersOfType(name)) if self.messages.contains(name) => {
                let none = ExtensionNumberResponse { base_type_name: name.clone(), extension_number: Vec::new() };
                Ok(MessageResponse::AllExtensionNumbersResponse(none))
            }
            Some(MessageRequest::AllExtensionNumbersOfType(name)) => Err(missing("message", name)),
            Some(MessageRequest::ListServices(_)) => {
                let service = self.services.iter().map(|name| ServiceResponse { name: name.clone() }).collect();
                Ok(MessageResponse::ListServicesResponse(ListServiceResponse { service }))
            }
            None => Err(error(Code::InvalidArgument, "the message asks for nothing".to_owned())),
        };
        ServerReflectionResponse {
            valid_host: asked.host.clone(),
            message_response: Some(found.unwrap_or_else(MessageResponse::ErrorResponse)),
            original_request: Some(asked),
        }
    }

    fn file(&self, name: &str) -> Option<MessageResponse> {
        let file_descriptor_proto = vec![self.files.get(name)?.clone()];
        Some(MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto }))
    }
}

fn within(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

fn missing(what: &str, name: &str) -> ErrorResponse {
    error(Code::NotFound, format!("there is no {what} {name:?}"))
}

fn error(code: Code, error_message: String) -> ErrorResponse {
    ErrorResponse { error_code: code.into(), error_message }
}

#[tonic::async_trait]
impl v1::server_reflection_server::ServerReflection for Reflection {
    type ServerReflectionInfoStream = Answers<ServerReflectionResponse>;

    async fn server_reflection_info(
        &self,
        asked: Request<Streaming<ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        Ok(self.answers(asked, |described, asked| Ok(described.answer(asked))))
    }
}

/// The older version has the same messages under another name.
#[tonic::async_trait]
impl v1alpha::server_reflection_server::ServerReflection for Reflection {
    type ServerReflectionInfoStream = Answers<v1alpha::ServerReflectionResponse>;

    async fn server_reflection_info(
        &self,
        asked: Request<Streaming<v1alpha::ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        Ok(self.answers(asked, |described, asked| translated(&described.answer(translated(&asked)?))))
    }
}

fn translated<To: Message + Default>(message: &impl Message) -> Result<To, Status> {
    To::decode(message.encode_to_vec().as_slice()).map_err(|error| Status::internal(error.to_string()))
}
