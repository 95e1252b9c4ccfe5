//! The modules of a package with the paths that their code contains, read with `syn`.

use std::collections::{BTreeMap, BTreeSet};

use syn::buffer::{Cursor, TokenBuffer};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, Meta, Token, UseTree, Visibility};

pub(crate) type ModulePath = Vec<String>;

/// The parts of a path. A path that begins with `::` has an empty first part.
pub(crate) type Segments = Vec<String>;

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    /// The names that the module defines.
    pub(crate) items: BTreeSet<String>,
    /// The types that the module defines outside functions.
    pub(crate) types: Vec<String>,
    /// The names that the module imports or re-exports.
    pub(crate) aliases: BTreeMap<String, Vec<Segments>>,
    pub(crate) globs: Vec<Segments>,
    /// The names that `extern crate … as` adds.
    pub(crate) crates: BTreeMap<String, Segments>,
    pub(crate) uses: Vec<Use>,
}

/// A path in the code of a module.
pub(crate) struct Use {
    pub(crate) path: Segments,
    pub(crate) is_import: bool,
    pub(crate) is_reexport: bool,
}

/// Reads the root of a package and the modules that it declares. Tests do not count.
pub(crate) fn read_modules(sources: &BTreeMap<String, String>) -> BTreeMap<ModulePath, Module> {
    let file = ["lib.rs", "main.rs"].into_iter().find(|name| sources.contains_key(*name)).unwrap();
    let mut reader = Reader { sources, modules: BTreeMap::new(), module: Vec::new(), is_in_function: false };
    reader.read_file(file);
    reader.modules
}

struct Reader<'a> {
    sources: &'a BTreeMap<String, String>,
    modules: BTreeMap<ModulePath, Module>,
    module: ModulePath,
    is_in_function: bool,
}

impl Reader<'_> {
    fn read_file(&mut self, name: &str) {
        let file = syn::parse_file(&self.sources[name]).unwrap_or_else(|error| panic!("{name}: {error}"));
        if !is_test(&file.attrs) {
            self.modules.insert(self.module.clone(), Module { file: name.to_owned(), ..Module::default() });
            self.visit_file(&file);
        }
    }

    fn current(&mut self) -> &mut Module {
        self.modules.get_mut(&self.module).unwrap()
    }

    fn add(&mut self, path: Segments) {
        self.current().uses.push(Use { path, is_import: false, is_reexport: false });
    }

    fn import(&mut self, path: Segments, name: Option<String>, visibility: &Visibility) {
        let is_reexport = !matches!(visibility, Visibility::Inherited);
        let module = self.current();
        match name {
            Some(name) => module.aliases.entry(name).or_default().push(path.clone()),
            None => module.globs.push(path.clone()),
        }
        module.uses.push(Use { path, is_import: true, is_reexport });
    }

    fn import_tree(&mut self, prefix: &[String], tree: &UseTree, visibility: &Visibility) {
        let joined = |name: &Ident| match name.to_string() {
            name if name == "self" && !prefix.is_empty() => prefix.to_vec(),
            name => [prefix, &[name]].concat(),
        };
        match tree {
            UseTree::Path(path) => self.import_tree(&joined(&path.ident), &path.tree, visibility),
            UseTree::Name(name) => {
                let path = joined(&name.ident);
                let name = path.last().cloned();
                self.import(path, name, visibility);
            }
            UseTree::Rename(rename) => self.import(joined(&rename.ident), Some(rename.rename.to_string()), visibility),
            UseTree::Glob(_) => self.import(prefix.to_vec(), None, visibility),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import_tree(prefix, tree, visibility);
                }
            }
        }
    }

    /// Adds a path in a string of an attribute, such as `with = "super::time"`.
    fn add_quoted(&mut self, literal: &str) {
        let path: Segments = literal.trim_matches('"').split("::").map(str::to_owned).collect();
        if matches!(&*path[0], "crate" | "self" | "super") && path.len() > 1 {
            self.add(path);
        }
    }

    /// Finds the paths in the tokens of a macro: `a::b`, `$crate::a` and `a::{b, c::d}`.
    fn scan(&mut self, mut cursor: Cursor<'_>, prefix: &[String]) {
        let mut is_field = false;
        while !cursor.eof() {
            let follows_dot = std::mem::take(&mut is_field);
            if let Some((path, rest)) = path_at(cursor, prefix) {
                cursor = rest;
                if let Some((inner, _, _, rest)) = skip_colons(cursor).and_then(Cursor::any_group) {
                    self.scan(inner, &path);
                    cursor = rest;
                } else if !follows_dot {
                    self.add(path);
                }
            } else if let Some((inner, _, _, rest)) = cursor.any_group() {
                self.scan(inner, &[]);
                cursor = rest;
            } else if let Some((literal, rest)) = cursor.literal() {
                self.add_quoted(&literal.to_string());
                cursor = rest;
            } else if let Some((_, rest)) = cursor.token_tree() {
                is_field = cursor.punct().is_some_and(|(punctuation, _)| punctuation.as_char() == '.');
                cursor = rest;
            }
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = attributes_and_name(item);
        if is_test(attributes) {
            return;
        }
        if let Some(name) = name {
            self.current().items.insert(name.to_string());
        }
        let is_type = matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Trait(_) | Item::Type(_));
        if let Some(name) = name
            && is_type
            && !self.is_in_function
        {
            self.current().types.push(name.to_string());
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let file = self.current().file.clone();
        self.module.push(item.ident.to_string());
        if let Some((_, items)) = &item.content {
            self.modules.insert(self.module.clone(), Module { file, ..Module::default() });
            items.iter().for_each(|item| self.visit_item(item));
        } else {
            let path = self.module.join("/");
            let names = [format!("{path}.rs"), format!("{path}/mod.rs")];
            let name = names.iter().find(|name| self.sources.contains_key(*name));
            self.read_file(name.unwrap_or_else(|| panic!("{file} declares {path}, which has no file")));
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let prefix = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        self.import_tree(&prefix, &item.tree, &item.vis);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let path = match item.ident.to_string() {
            name if name == "self" => vec!["crate".to_owned()],
            name => vec![String::new(), name],
        };
        let name = item.rename.as_ref().map(|(_, name)| name.to_string());
        if let Some(name) = &name {
            self.current().crates.insert(name.clone(), path.clone());
        }
        self.import(path, Some(name.unwrap_or_else(|| item.ident.to_string())), &item.vis);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let is_in_function = std::mem::replace(&mut self.is_in_function, true);
        visit::visit_block(self, block);
        self.is_in_function = is_in_function;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let start = path.leading_colon.as_ref().map(|_| String::new());
        self.add(start.into_iter().chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.scan(TokenBuffer::new2(call.tokens.clone()).begin(), &[]);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.visit_path(attribute.path());
        if let Meta::List(list) = &attribute.meta {
            self.scan(TokenBuffer::new2(list.tokens.clone()).begin(), &[]);
        }
    }

    /// `pub(in crate::a)` uses nothing of `a`.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn attributes_and_name(item: &Item) -> (&[Attribute], Option<&Ident>) {
    match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::ExternCrate(item) => (&item.attrs, None),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::ForeignMod(item) => (&item.attrs, None),
        Item::Impl(item) => (&item.attrs, None),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Mod(item) => (&item.attrs, None),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Union(item) => (&item.attrs, Some(&item.ident)),
        Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

/// Returns true if only tests compile an item with these attributes.
fn is_test(attributes: &[Attribute]) -> bool {
    let mut conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.any(|cfg| cfg.parse_args().is_ok_and(|condition| !can_hold_without_tests(&condition)))
}

fn can_hold_without_tests(condition: &Meta) -> bool {
    let Meta::List(list) = condition else {
        return !["test", "doctest"].iter().any(|name| condition.path().is_ident(name));
    };
    let conditions = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).unwrap();
    if list.path.is_ident("all") {
        conditions.iter().all(can_hold_without_tests)
    } else if list.path.is_ident("any") {
        conditions.iter().any(can_hold_without_tests)
    } else {
        true
    }
}

/// The path that begins at the cursor, and the cursor after it.
fn path_at<'a>(cursor: Cursor<'a>, prefix: &[String]) -> Option<(Segments, Cursor<'a>)> {
    let start = skip_colons(cursor);
    let (first, mut rest) = start.unwrap_or(cursor).ident()?;
    let mut path = prefix.to_vec();
    if start.is_some() && prefix.is_empty() {
        path.push(String::new());
    }
    path.push(first.to_string());
    while let Some((name, next)) = skip_colons(rest).and_then(Cursor::ident) {
        path.push(name.to_string());
        rest = next;
    }
    // `a::{self}`
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    Some((path, rest))
}

/// The cursor after `::`.
fn skip_colons(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (first, rest) = cursor.punct()?;
    let (second, rest) = rest.punct()?;
    (first.as_char() == ':' && second.as_char() == ':').then_some(rest)
}
