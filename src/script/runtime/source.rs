//! [`ScriptSource`]: a script with all that it imports, read once.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhai::{AST, Engine};

use crate::script::sandbox::confinement::{language, with_room};
use crate::script::sandbox::outline::{ImportStatement, imports};
use crate::script::value::limits::SOURCE_BYTES_MAX;
use crate::script::value::script_error::{ScriptError, SourcePosition};

/// A script and the files it imports, as they were when they were read.
///
/// `import "lib/helpers" as h;` means the file `lib/helpers.rhai` beside the script, or below its folder;
/// also in a file that is itself imported. Nothing else can be reached: no absolute path, no `..`, no
/// link that leads out.
///
/// # Examples
/// ```
/// use bearpit::script::ScriptSource;
///
/// let source = ScriptSource::alone("hello.rhai", "fn on_start() { log(\"hello\"); }");
/// assert!(source.modules.is_empty());
///
/// // With its imports, read from disk:
/// let file = "strategies/sma_cross.rhai";
/// let source = ScriptSource::gather(file, std::fs::read_to_string(file)?)?;
/// assert!(source.text.contains("fn on_bar"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptSource {
    /// The script's file, for messages.
    pub file: PathBuf,
    /// The script's text.
    pub text: Arc<str>,
    /// The imported files by what they are imported as.
    pub modules: BTreeMap<String, Module>,
}

/// An imported file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The file, for messages.
    pub file: PathBuf,
    /// Its text.
    pub text: Arc<str>,
}

const MODULES_MAX: usize = 64;
const NESTING_MAX: usize = 16;

impl ScriptSource {
    /// A script that imports nothing.
    #[must_use]
    pub fn alone(file: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), text: without_mark(text.into()), modules: BTreeMap::new() }
    }

    /// Reads the files that a script imports, and those that they import. A file that does not parse imports
    /// nothing; the compiler reports it.
    ///
    /// # Errors
    /// The first import that names no readable file in the script's folder or below.
    pub fn gather(file: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Result<Self, ScriptError> {
        let mut source = Self::alone(file, text);
        let language = language().map_err(|error| ScriptError::of_file(&source.file, &error))?;
        let folder = source.file.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        let (file, text) = (source.file.clone(), Arc::clone(&source.text));
        let mut reader = ImportReader { language, folder, modules: &mut source.modules, open: Vec::new() };
        reader.follow(&file, &text)?;
        Ok(source)
    }

    /// Returns the text of the script or of an imported file.
    #[must_use]
    pub fn text_of(&self, file: &Path) -> Option<&Arc<str>> {
        let module = self.modules.values().find(|module| module.file == file).map(|module| &module.text);
        module.or_else(|| (file == self.file).then_some(&self.text))
    }
}

/// Returns a text without the byte order mark that some editors write at its beginning.
fn without_mark(text: Arc<str>) -> Arc<str> {
    text.strip_prefix('\u{feff}').map(Into::into).unwrap_or(text)
}

/// Returns the name under which a module is kept.
pub(crate) fn module_name(path: &str) -> &str {
    path.strip_suffix(".rhai").unwrap_or(path)
}

struct ImportReader<'a> {
    language: Engine,
    folder: PathBuf,
    modules: &'a mut BTreeMap<String, Module>,
    /// The modules whose imports are being read, to detect cycles.
    open: Vec<String>,
}

impl ImportReader<'_> {
    /// Reads what a text imports.
    fn follow(&mut self, file: &Path, text: &str) -> Result<(), ScriptError> {
        if text.len() > SOURCE_BYTES_MAX {
            return Ok(());
        }
        let Ok(ast) = with_room(|| self.language.compile(text)) else { return Ok(()) };
        for import in with_room(|| imports_of(&ast, file))? {
            self.read(file, &import)?;
        }
        Ok(())
    }

    fn read(&mut self, file: &Path, import: &Import) -> Result<(), ScriptError> {
        let name = module_name(&import.path).to_owned();
        let error = |message: String| ScriptError::new(file, import.position, message);
        if self.open.contains(&name) {
            let circle = format!("{} -> {name}", self.open.join(" -> "));
            return Err(error(format!("`{name}` imports itself: {circle}")));
        }
        if self.modules.contains_key(&name) {
            return Ok(());
        }
        if self.modules.len() >= MODULES_MAX || self.open.len() >= NESTING_MAX {
            let message =
                format!("more than {MODULES_MAX} files are imported, or more than {NESTING_MAX} deep");
            return Err(error(message));
        }
        let located = self.locate(&name);
        let path = located.map_err(|why| ScriptError { help: why.help(), ..error(why.to_string()) })?;
        let read = || {
            let mut bytes = Vec::new();
            // Not all files have an end.
            fs::File::open(&path)?.take(SOURCE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes =
            read().map_err(|why: io::Error| error(format!("`{}` cannot be read: {why}", path.display())))?;
        if bytes.len() > SOURCE_BYTES_MAX {
            return Err(error(format!("`{}` has more than {SOURCE_BYTES_MAX} bytes", path.display())));
        }
        let text =
            String::from_utf8(bytes).map_err(|_| error(format!("`{}` is not UTF-8 text", path.display())))?;
        let text = without_mark(text.into());
        self.modules.insert(name.clone(), Module { file: path.clone(), text: Arc::clone(&text) });
        self.open.push(name);
        self.follow(&path, &text)?;
        self.open.pop();
        Ok(())
    }

    /// Returns the file of a module.
    fn locate(&self, name: &str) -> Result<PathBuf, NotImportable> {
        let parts: Vec<&str> = name.split('/').collect();
        let is_plain = |part: &&str| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.contains(['\\', ':'])
                && !part.contains(char::is_control)
        };
        if !parts.iter().all(is_plain) {
            return Err(NotImportable::NotPlain { name: name.to_owned() });
        }
        let path = self.folder.join(format!("{name}.rhai"));
        let root =
            fs::canonicalize(if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder });
        match (fs::canonicalize(&path), root) {
            (Ok(real), Ok(root)) if real.starts_with(&root) && real.is_file() => Ok(path),
            (Ok(_), _) => Err(NotImportable::Outside { name: name.to_owned() }),
            (Err(_), _) => Err(NotImportable::NoFile { path }),
        }
    }
}

/// Why a name cannot be imported.
#[derive(Debug, thiserror::Error)]
enum NotImportable {
    /// An absolute path, a path with `..`, or no path at all.
    #[error("`{name}` cannot be imported")]
    NotPlain { name: String },
    /// A link that leads out of the script's folder, or a folder.
    #[error("`{name}` is not a file in the script's folder")]
    Outside { name: String },
    #[error("there is no file `{}`", path.display())]
    NoFile { path: PathBuf },
}

impl NotImportable {
    fn help(&self) -> Option<String> {
        match self {
            Self::NotPlain { .. } => Some(
                "an import names a file in the script's folder or below, such as \"lib/helpers\"".to_owned(),
            ),
            Self::Outside { .. } => None,
            Self::NoFile { path } => path.parent().map(listing),
        }
    }
}

/// An import as it is written.
struct Import {
    path: String,
    position: SourcePosition,
}

fn imports_of(ast: &AST, file: &Path) -> Result<Vec<Import>, ScriptError> {
    let written = |it: ImportStatement| match it.path {
        Some(path) => Ok(Import { path, position: it.position }),
        None => {
            let message = "what is imported must be written as a text, such as import \"lib/helpers\" as h;";
            Err(ScriptError::new(file, it.position, message.to_owned()))
        }
    };
    imports(ast).into_iter().map(written).collect()
}

/// Lists the scripts in a folder.
fn listing(folder: &Path) -> String {
    const SHOWN_MAX: usize = 20;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".rhai")).collect();
    names.sort_unstable();
    if names.is_empty() {
        return format!("there is no script in {}", folder.display());
    }
    let more = if names.len() > SHOWN_MAX { ", .." } else { "" };
    names.truncate(SHOWN_MAX);
    format!("in {} there is: {}{more}", folder.display(), names.join(", "))
}
